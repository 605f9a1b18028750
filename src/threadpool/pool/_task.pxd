from libc.stdint cimport uint64_t

from threadpool.pool._native cimport tp_task


cdef class Task:
    cdef tp_task native
    cdef uint64_t queued_at      # 0: it is not, and was not
    cdef readonly object fn      # what it calls, while it has not ended
    cdef bint insists            # goes into a full queue too: who submits it may not wait, and does not submit many

    cdef bint run(self) except -1
    cdef int cancel(self) except -1
    cdef int refuse(self) except -1
