"""How a worker of a WorkerPool takes tasks and runs them, and when it must not go on."""

from collections import deque

from cpython.ref cimport Py_DECREF, PyObject
from libc.stdint cimport uint64_t

from threadpool.pool._python cimport tp_take_exception
from threadpool.worker.messages._queue cimport Queue, tp_stop, withdraw
from threadpool.worker.pool._task cimport Task

from threadpool.errors import WorkerLost, WorkerTerminated
from threadpool.pool._cancellation import Cancellation
from threadpool.pool._threads import safepoint
from threadpool.worker.messages._queue import EMPTY as NOTHING

cdef extern from "Python.h":
    """
    /* Whether it can be awaited: a coroutine, mostly. */
    static inline int tp_is_awaitable(PyObject *object) {
        PyAsyncMethods *methods = Py_TYPE(object)->tp_as_async;
        return methods && methods->am_await;
    }
    """
    bint tp_is_awaitable(object thing)
    PyObject *PyObject_CallOneArg(object callable, object argument)
    unsigned long PyThread_get_thread_ident()
    int PyThreadState_SetAsyncExc(unsigned long ident, PyObject *exception)

cdef object EMPTY = NOTHING  # a C variable, which is faster

# As many tasks of C functions run before the interpreter sees Python code.
cdef unsigned TASKS_TO_SAFEPOINT = 16

CRASHED = type("CRASHED", (), {"__slots__": (), "__repr__": lambda self: "CRASHED"})()


cdef class Seat:
    """Where a worker takes tasks, and runs them one after the other."""

    cdef Queue queue
    cdef object handlers
    cdef object cancellation
    cdef unsigned long thread
    cdef tp_stop is_nudged
    cdef readonly set running   # the tasks that it runs
    cdef readonly object own    # tasks for this worker and no other

    def __init__(self, Queue queue):
        self.queue = queue
        self.running = set()
        self.own = deque()

    def nudge(self):
        """There is something in `own`, or it is to look again whether it is wanted."""
        self.is_nudged = True
        self.queue.wake()

    def enter(self, handlers):
        """In the worker's thread, before the first task. ``handlers(name)`` is what to call."""
        self.handlers = handlers
        self.thread = PyThread_get_thread_ident()
        self.cancellation = Cancellation()
        self.cancellation.enter()

    def leave(self):
        self.cancellation.leave()

    cdef object next(self):
        """The next task, or EMPTY."""
        self.is_nudged = False  # before `own` is looked at: what is added later comes with another nudge
        if self.own:
            return self.own.popleft()
        return self.queue.take()

    def take(self):
        return self.next()

    def run_next(self):
        """Runs the next task: it, and what `run` has returned. EMPTY: there is none.

        In one step, so that an exception from elsewhere cannot come when the task is taken, and nobody's yet.
        """
        task = self.next()
        return EMPTY if task is EMPTY else (task, self.run(task))

    def work(self, uint64_t patience):
        """Runs tasks until there has been none for so many nanoseconds, or never will be: None.

        Or until a handler has returned what can be awaited: (task, awaitable); or until CRASHED, see `run`.
        """
        cdef unsigned count = 0
        while True:
            is_ended = self.queue.is_ended  # looked at first: what was put in before can be taken after that
            task = self.next()
            if task is not EMPTY:
                outcome = self.run(task)
                if outcome is not None:
                    return CRASHED if outcome is CRASHED else (task, outcome)
                count += 1
                if count % TASKS_TO_SAFEPOINT == 0:
                    safepoint()
            elif is_ended or not self.queue.wait_for(patience, &self.is_nudged):
                return None

    def begin(self, Task task, runner):
        """The task runs elsewhere until `finish`, and `runner` is told that it is cancelled. False: it has been."""
        self.running.add(task)
        if task.begin(runner):
            return True
        self.running.discard(task)
        return False

    def run(self, Task task):
        """Calls the handler in this thread. What it returns that can be awaited is returned, and the task goes on.

        CRASHED, after the task has got `WorkerLost`, when the worker must not go on.
        """
        cdef PyObject *result
        cdef bint was_signalled
        if not task.begin(self):
            return None
        self.running.add(task)
        value = task.value
        try:
            handler = self.handlers(task.name)
        except Exception as error:
            was_signalled = task.finish()
            if was_signalled:
                self.renew()
            self.end(task, error, True, was_signalled)
            return None
        # No Python code but the handler's runs from here until what may have been sent to it is withdrawn.
        result = PyObject_CallOneArg(handler, value)
        if result is not NULL and tp_is_awaitable(<object>result):
            outcome = <object>result
            Py_DECREF(outcome)
            if task.hand_over(None):
                self.renew()
            return outcome
        was_signalled = task.finish()
        if was_signalled:
            PyThreadState_SetAsyncExc(self.thread, NULL)
        if result is NULL:
            error = <object>tp_take_exception()
            Py_DECREF(error)
        else:
            outcome = <object>result
            Py_DECREF(outcome)
        if was_signalled:
            self.renew()
        if result is not NULL:
            self.end(task, outcome, False, was_signalled)
            return None
        return self.end_with_error(task, error, was_signalled)

    def go_on(self, Task task, runner):
        """The task, which `run` has begun, goes on in the event loop of this worker."""
        if task.hand_over(runner):
            runner.tell()

    def finish(self, Task task, outcome, error):
        """The end of one that went on there. CRASHED: as of `run`."""
        cdef bint was_signalled = task.finish()
        if error is None:
            self.end(task, outcome, False, was_signalled)
            return None
        return self.end_with_error(task, error, was_signalled)

    cdef object end_with_error(self, Task task, error, bint was_signalled):
        if isinstance(error, Exception) and not isinstance(error, MemoryError):
            self.end(task, error, True, was_signalled)
            return None
        from asyncio import CancelledError

        if isinstance(error, (CancelledError, MemoryError)):
            self.end(task, error, True, was_signalled)
            return CRASHED if isinstance(error, MemoryError) else None
        failure = WorkerLost(f"the worker has ended in the midst of the task, by {type(error).__name__}")
        failure.__cause__ = error
        self.end(task, failure, True, was_signalled)
        if isinstance(error, WorkerTerminated):
            raise error
        return CRASHED

    cdef int end(self, Task task, outcome, bint is_error, bint was_signalled) except -1:
        self.running.discard(task)
        return task.end(outcome, is_error, was_signalled)

    cdef int renew(self) except -1:
        """What was told to one task, and withdrawn from its code, is not told to the next."""
        withdraw(self.thread)
        self.cancellation.leave()
        self.cancellation = Cancellation()
        self.cancellation.enter()
        return 0

    def tell(self):
        self.cancellation.cancel()

    def interrupt(self):
        from asyncio import CancelledError

        PyThreadState_SetAsyncExc(self.thread, <PyObject *>CancelledError)
