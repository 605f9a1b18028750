"""Options of kernels, checked."""

import operator

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE
from libc.math cimport isfinite

from threadpool.imaging._picture cimport TP_MOST_PIXELS
from threadpool.pool._pin cimport acquire


cdef size_t positive(str name, value) except 0:
    """A number of pixels."""
    try:
        value = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an int, not {type(value).__name__!r}") from None
    if not 1 <= value <= TP_MOST_PIXELS:
        raise ValueError(f"{name} must be from 1 to {TP_MOST_PIXELS}, not {value}")
    return value


cdef float number(str name, value) except? -1:
    cdef float single
    if isinstance(value, str):
        raise TypeError(f"{name} must be a number, not 'str'")
    try:
        single = value
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {type(value).__name__!r}") from None
    except OverflowError:
        raise ValueError(f"{name} must be a finite number, not {value!r}") from None
    if not isfinite(single):
        raise ValueError(f"{name} must be a finite number, not {value!r}")
    return single


cdef (size_t, size_t) size_of(value) except *:
    """A width and a height."""
    try:
        width, height = value
    except (TypeError, ValueError):
        raise TypeError(f"size must be (width, height), not {value!r}") from None
    return positive("the width in size", width), positive("the height in size", height)


cdef object pin_out(Py_buffer *view, out, tuple shape, str dtype):
    import numpy

    if out is None:
        out = numpy.empty(shape, dtype)
    elif not isinstance(out, numpy.ndarray) or out.dtype != dtype:
        given = out.dtype if isinstance(out, numpy.ndarray) else repr(type(out).__name__)
        raise TypeError(f"out must be an array of {dtype}, not {given}")
    elif not out.flags.writeable:
        raise ValueError("out must be writable")
    elif out.shape != shape or not out.flags.carray:
        raise ValueError(f"out must be a C-contiguous array of shape {shape}, not of {out.shape}")
    acquire(out, view, PyBUF_SIMPLE | PyBUF_WRITABLE)
    return out
