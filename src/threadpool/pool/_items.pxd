from cpython.ref cimport PyObject


cdef class Items:
    cdef Py_ssize_t count
    cdef PyObject **slots    # the snapshot's items, or NULL where items are made when they are asked for
    cdef tuple snapshot
    cdef long long start     # a range, or
    cdef long long step
    cdef object sequence     # an array, or a range of large numbers

    cdef object make(self, Py_ssize_t index)


cdef object iterator_of(data)
cdef tuple drained(data)
cdef str name_of(Py_ssize_t index)
