"""What the caller of a run sees to while it goes on: signals, the deadline, progress."""

from libc.stdint cimport uint64_t

from threadpool.pool._native cimport TP_NEVER, tp_loop, tp_loop_done, tp_loop_lower_limit, tp_now
from threadpool.pool._python cimport PyErr_CheckSignals

# How often a thread that waits, or runs a kernel, looks whether Ctrl-C was pressed; and how often progress is told.
cdef uint64_t SIGNAL_NANOSECONDS = 50_000_000
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
            if not self.is_timed:
                return 0
            now = tp_now()
            if now >= loop.deadline:
                tp_loop_lower_limit(loop, 0)
            if self.report is not None and now >= self.next_report and self.error is None:
                self.next_report = now + REPORT_NANOSECONDS
                self.report(tp_loop_done(loop), loop.count)
        except BaseException as error:
            tp_loop_lower_limit(loop, 0)
            self.error = error
        return 0

    cdef int finish(self, tp_loop *loop) except -1:
        """Tells the last of the progress, once the loop is closed."""
        if self.report is not None:
            self.report(tp_loop_done(loop), loop.count)
        return 0
