from libc.stdint cimport uint64_t

from threadpool.pool._native cimport tp_loop


cdef class Handle:
    cdef tp_loop *loop           # while the run goes on; guarded by a critical section on the handle
    cdef bint cancelled          # guarded likewise
    cdef uint64_t made_at        # which is when the run was asked for: its timeout begins

    cdef int attach(self, tp_loop *loop) except -1
    cdef bint was_cancelled(self) except -1
    cdef int detach(self) except -1
