from libc.stdint cimport uint64_t

from threadpool.pool._native cimport tp_loop, tp_pace, tp_pool


cdef extern from "os.h":
    enum: SIGNAL_NANOSECONDS "TP_SIGNAL_NANOSECONDS"


cdef class Watch:
    cdef object report           # called with (done, total), or None
    cdef uint64_t next_report
    cdef size_t told             # the items that the last report was of, and one; 0: there was none
    cdef readonly object error   # what a signal handler or the report raised; then the loop is cancelled
    cdef uint64_t cut_at         # when the loop, of one thread, ends before its time; 0: it does not
    cdef bint is_timed           # look after every claim, not only now and then
    cdef tp_pool *pool           # whose threads help, where they may be a hindrance, or NULL
    cdef tp_pace pace

    cdef uint64_t patience(self, tp_loop *loop) noexcept
    cdef int look(self, tp_loop *loop) noexcept
    cdef void mind_pace(self, tp_pool *pool) noexcept
    cdef uint64_t look_at_pace(self, tp_loop *loop, uint64_t now) noexcept
    cdef int tell(self, tp_loop *loop) except -1
    cdef int finish(self, tp_loop *loop) except -1
