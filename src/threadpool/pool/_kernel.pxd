# A kernel is a function that runs without the interpreter; a batch is one call of it over many items.

from libc.stdint cimport uint32_t

from threadpool.pool._native cimport tp_kernel


cdef class Batch:
    cdef tp_kernel body       # runs detached, in any thread
    cdef void *arguments      # what the body is given
    cdef size_t count         # items
    cdef uint32_t burst       # items that the body likes to be given at once
    cdef double nanoseconds   # what all of it will take one thread, roughly; under some 30 µs nobody is asked to help

    cdef list results(self)
    cdef object error(self, size_t index, int code)


cdef class Kernel:
    cdef Batch bind(self, object data, dict options)
