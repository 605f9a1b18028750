"""What the caller of a run sees to while it goes on: signals, the deadline, progress, whether help is any."""

from libc.stdint cimport uint64_t

from threadpool.pool._native cimport (
    TP_NEVER, tp_loop, tp_loop_done, tp_loop_limit, tp_loop_lower_limit, tp_now, tp_pace_init, tp_pace_look, tp_pool,
    tp_pool_go_alone,
)
from threadpool.pool._python cimport PyErr_CheckSignals

# How often progress is told.
cdef uint64_t REPORT_NANOSECONDS = 100_000_000


cdef class Watch:
    """The watch over one loop, for the thread that opened it."""

    def __init__(self, report, bint has_deadline):
        self.report = report
        self.is_timed = report is not None or has_deadline

    cdef uint64_t patience(self, tp_loop *loop) noexcept:
        """How long the caller may wait before it looks again, in nanoseconds."""
        cdef uint64_t patience = SIGNAL_NANOSECONDS
        cdef uint64_t now
        if loop.deadline != TP_NEVER:
            now = tp_now()
            if now < loop.deadline:
                patience = min(patience, loop.deadline - now + 1)
        return patience

    cdef int look(self, tp_loop *loop) noexcept:
        """Cancels the loop when a signal handler or the report raises, or its time is over."""
        cdef uint64_t now
        try:
            PyErr_CheckSignals()
            if self.cut_at and tp_now() >= self.cut_at:
                tp_loop_lower_limit(loop, tp_loop_done(loop))  # one thread has done all below, and is at none now
            if not self.is_timed:
                return 0
            now = tp_now()
            if now >= loop.deadline:
                tp_loop_lower_limit(loop, 0)
            if self.report is not None and now >= self.next_report and self.error is None:
                self.next_report = now + REPORT_NANOSECONDS
                self.tell(loop)
        except BaseException as error:
            tp_loop_lower_limit(loop, 0)
            self.error = error
        return 0

    cdef void mind_pace(self, tp_pool *pool) noexcept:
        """From now on, sees to it that the pool's threads help only while that is of help."""
        self.pool = pool
        tp_pace_init(&self.pace, tp_now())

    cdef uint64_t look_at_pace(self, tp_loop *loop, uint64_t now) noexcept:
        """For the caller, which works at seat 0. In how many nanoseconds it shall look again."""
        if tp_loop_limit(loop) == 0:  # it ends; and in a child forked in an item, the pool's lock may be held for ever
            return self.pace.window
        cdef bint together = tp_pace_look(&self.pace, now, tp_loop_done(loop), loop.guests > 0)
        if not together or loop.alone_until != 0:
            tp_pool_go_alone(self.pool, loop, not together)
        return self.pace.window

    cdef int finish(self, tp_loop *loop) except -1:
        """Tells the last of the progress, once the loop is closed."""
        if self.report is not None and self.told != tp_loop_done(loop) + 1:
            self.tell(loop)
        return 0

    cdef int tell(self, tp_loop *loop) except -1:
        cdef size_t done = tp_loop_done(loop)
        self.told = done + 1
        self.report(done, loop.count)
        return 0
