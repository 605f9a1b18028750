# Buffers pinned for the time of a call. An exporter that is told of their release counts them, without a lock in 3.13:
# hence the critical sections. Arrays of NumPy are not told, and enter such a section themselves (from NumPy 2.4.2 on), which
# inside another on the same object takes 20 µs in 3.13.

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
cimport cython

from threadpool.pool._items cimport name_of

cdef extern from *:
    """
    static inline int tp_counts_exports(PyObject *exporter) {
        PyBufferProcs *procs = Py_TYPE(exporter)->tp_as_buffer;
        return procs && procs->bf_releasebuffer;
    }
    """
    bint tp_counts_exports(object exporter)


cdef inline int acquire(object exporter, Py_buffer *view, int flags) except -1:
    if not tp_counts_exports(exporter):
        return PyObject_GetBuffer(exporter, view, flags)
    with cython.critical_section(exporter):
        PyObject_GetBuffer(exporter, view, flags)
    return 0


cdef inline int release(Py_buffer *view) except -1:
    """Nothing to do for a view that was zeroed and never acquired."""
    if <void *>view.obj is NULL:
        return 0
    exporter = <object>view.obj
    if not tp_counts_exports(exporter):
        PyBuffer_Release(view)
        return 0
    with cython.critical_section(exporter):
        PyBuffer_Release(view)
    return 0


cdef inline int pin(Py_buffer *view, object item, bint writable, Py_ssize_t index) except -1:
    """A contiguous buffer; what is none is named: data, or data[index], where that is not negative."""
    try:
        acquire(item, view, PyBUF_WRITABLE if writable else PyBUF_SIMPLE)
    except TypeError:
        raise TypeError(f"{name_of(index)} must be a bytes-like object, not {type(item).__name__!r}") from None
    except (BufferError, ValueError) as error:
        kind = "contiguous, writable" if writable else "contiguous"
        raise BufferError(f"{name_of(index)} must be a {kind} buffer: {error}") from None
    return 0
