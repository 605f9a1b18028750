# Buffers pinned for the time of a call. An exporter counts its exports without a lock in 3.13, hence the
# critical sections.

from cpython.buffer cimport PyBuffer_Release, PyObject_GetBuffer
cimport cython


cdef inline int acquire(object exporter, Py_buffer *view, int flags) except -1:
    with cython.critical_section(exporter):
        PyObject_GetBuffer(exporter, view, flags)
    return 0


cdef inline int release(Py_buffer *view) except -1:
    """Nothing to do for a view that was zeroed and never acquired."""
    if <void *>view.obj is NULL:
        return 0
    exporter = <object>view.obj
    with cython.critical_section(exporter):
        PyBuffer_Release(view)
    return 0
