"""Where one task of a WorkerPool stands: who may start it, end it, answer it, and tell it that it is cancelled."""

from libc.stdint cimport uint64_t

from threadpool.worker.messages._queue cimport tp_now
from threadpool.worker.pool._account cimport tp_histogram_record, tp_tally_start

from threadpool.worker.messages.homes import delivery

cdef extern from "worker/task.h" nogil:
    ctypedef enum tp_phase:
        TP_TASK_QUEUED
        TP_TASK_RUNNING
        TP_TASK_SIGNALLING
        TP_TASK_SIGNALLED
        TP_TASK_ENDED

    bint tp_task_move(tp_task_state *state, tp_phase from_, tp_phase to)
    bint tp_task_is_running(tp_task_state *state)
    bint tp_task_end(tp_task_state *state)
    bint tp_task_answer(tp_task_state *state)
    void tp_yield()

# What a running task that is cancelled is given to end by itself, and then to unwind.
GRACE_SECONDS = 0.1
UNWIND_SECONDS = 1.0


cdef class Task:
    """One call of a handler. See `csrc/worker/task.h` for who may do what."""

    cdef bint begin(self, runner) except -1:
        """The worker that took it is about to run it. False: it has been cancelled."""
        self.runner = runner
        if not tp_task_move(&self.state, TP_TASK_QUEUED, TP_TASK_RUNNING):
            self.runner = None
            return False
        self.started_at = tp_now()
        tp_tally_start(&self.account.tally)
        tp_histogram_record(&self.account.wait_times, self.started_at - self.queued_at)
        if self.timeout is not None:
            self.account.crew.deadlines.add(self)
        return True

    cdef bint finish(self) noexcept:
        """The worker has run it, and nobody tells it anything any more. True: it had been told that it is cancelled."""
        cdef bint was_signalled
        with nogil:
            was_signalled = tp_task_end(&self.state)
        return was_signalled

    cdef int end(self, outcome, bint is_error, bint was_signalled) except -1:
        """After `finish`."""
        cdef uint64_t spent = tp_now() - self.started_at
        tp_histogram_record(&self.account.run_times, spent)
        if self.timeout is not None:
            self.account.crew.deadlines.discard(self)
        self.value = self.name = self.runner = None
        self.account.close_task(not is_error and not was_signalled, is_error and not was_signalled, was_signalled, spent)
        self.answer(outcome, is_error)
        return 0

    cdef bint hand_over(self, runner) except -1:
        """From now on that is told that the task is cancelled; None: nobody, until it is handed on. True: it has been."""
        cdef bint was_signalled
        while not tp_task_move(&self.state, TP_TASK_RUNNING, TP_TASK_SIGNALLING):
            if tp_task_move(&self.state, TP_TASK_SIGNALLED, TP_TASK_SIGNALLING):
                was_signalled = True
                break
            with nogil:
                tp_yield()
        else:
            was_signalled = False
        self.runner = runner
        tp_task_move(&self.state, TP_TASK_SIGNALLING, TP_TASK_SIGNALLED if was_signalled else TP_TASK_RUNNING)
        return was_signalled

    cdef int answer(self, outcome, bint is_error) except -1:
        """The first answer is what the future gets."""
        if tp_task_answer(&self.state):
            self.give(outcome, is_error)
        return 0

    cdef int give(self, outcome, bint is_error) except -1:
        if is_error and isinstance(outcome, StopIteration):  # which futures cannot hold
            error, outcome = outcome, RuntimeError("the handler raised StopIteration")
            outcome.__cause__ = error
        if self.results is not None:
            self.outcome, self.is_error = outcome, is_error
            self.results.put(self)
            return 0
        future, self.future = self.future, None
        future._task = None
        if is_error:
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        return 0

    def fail(self, error):
        """It has not started, and never does. False: it has started, or ended."""
        if not tp_task_move(&self.state, TP_TASK_QUEUED, TP_TASK_ENDED):
            return False
        tp_tally_start(&self.account.tally)
        self.value = self.name = None  # `runner` is for the worker to set, which may be about to begin
        self.account.close_task(0, error is not None, error is None, 0)
        if error is not None:
            self.answer(error, True)
        return True

    def withdraw(self):
        """It shall not start: True, and its future is the caller's to answer. False: it has started, or ended."""
        if not self.fail(None):
            return False
        self.future = None
        return tp_task_answer(&self.state)

    def cancel(self):
        """Nobody wants its result any more."""
        tp_task_answer(&self.state)
        if not self.fail(None):
            self.stop()

    @property
    def is_running(self):
        return tp_task_is_running(&self.state)

    def stop(self, error=None):
        """If it runs, it is told that it is cancelled; `error` is what its future gets. False: it does not run."""
        if not tp_task_move(&self.state, TP_TASK_RUNNING, TP_TASK_SIGNALLING):
            return False
        # First, for a handler that returns as soon as it is told.
        cdef bint is_answer = error is not None and tp_task_answer(&self.state)
        runner = self.runner
        try:
            if runner is not None:
                runner.tell()
        finally:
            tp_task_move(&self.state, TP_TASK_SIGNALLING, TP_TASK_SIGNALLED)
            if is_answer:
                self.give(error, True)
        delivery.call_later(GRACE_SECONDS, insist, self)
        return True

    def interrupt(self):
        """Has an end put to it, after it was told. False: it has ended."""
        if not tp_task_move(&self.state, TP_TASK_SIGNALLED, TP_TASK_SIGNALLING):
            return False
        runner = self.runner
        try:
            if runner is not None:
                runner.interrupt()
        finally:
            tp_task_move(&self.state, TP_TASK_SIGNALLING, TP_TASK_SIGNALLED)
        return True


def insist(Task task):
    if task.interrupt():
        delivery.call_later(UNWIND_SECONDS, insist, task)
