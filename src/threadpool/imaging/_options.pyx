"""Options of kernels, checked."""

import operator

from libc.math cimport isfinite

from threadpool.imaging._picture cimport TP_MOST_PIXELS


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
