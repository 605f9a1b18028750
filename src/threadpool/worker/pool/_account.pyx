"""What is counted of the tasks of a WorkerPool: how many stand where, how long they took, and whether there is room."""

from libc.stdint cimport SIZE_MAX, uint64_t

PERCENTILES = (0.5, 0.9, 0.99, 1.0)


cdef class Account:
    """The tasks of one pool. See `csrc/worker/task.h`."""

    def __init__(self, crew, limit):
        self.crew = crew
        self.tally.limit = SIZE_MAX if limit is None else limit

    def count(self):
        """A task was prepared for one certain worker, and is put into its `own`."""
        tp_tally_submit(&self.tally)

    cdef int close_task(self, size_t completed, size_t failed, size_t cancelled, uint64_t busy) except -1:
        tp_tally_count(&self.tally, completed, failed, cancelled, busy)
        if tp_tally_end(&self.tally):
            self.crew.tell_of_room()
        return 0

    def set_capacity(self, capacity):
        """The workers that are there can run so many tasks at once; None: and there cannot be more."""
        tp_tally_set_capacity(&self.tally, SIZE_MAX if capacity is None else capacity)

    @property
    def is_full(self):
        return tp_tally_open(&self.tally) >= self.tally.limit

    def figures(self):
        """The counts, and seconds, at some moment."""
        return {
            "queued": tp_tally_queued(&self.tally),
            "completed": self.tally.completed,
            "failed": self.tally.failed,
            "cancelled": self.tally.cancelled,
            "busy_seconds": self.tally.busy * 1e-9,
            "wait_times": [tp_histogram_quantile(&self.wait_times, part) * 1e-9 for part in PERCENTILES],
            "run_times": [tp_histogram_quantile(&self.run_times, part) * 1e-9 for part in PERCENTILES],
        }
