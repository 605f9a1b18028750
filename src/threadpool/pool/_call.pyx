"""Calls that were submitted: tasks with a Future."""

import contextvars
from concurrent.futures import Future as BaseFuture

from cpython.ref cimport Py_DECREF, PyObject
from libc.stdint cimport uint64_t

from threadpool.pool._engine cimport Engine, current_worker_object
from threadpool.pool._native cimport (
    TP_SPIN_NANOSECONDS, tp_flag, tp_flag_set, tp_flag_spin, tp_frame, tp_histogram_record, tp_now, tp_pool_count,
)
from threadpool.pool._python cimport (
    TP_FREE_THREADED, PyContext_Enter, PyContext_Exit, PyObject_Call, tp_take_exception,
)
from threadpool.pool._python_loop cimport current_frame, is_visitor, set_current_frame, set_visitor
from threadpool.pool._task cimport Task


cdef class Call(Task):
    """A function to call with its arguments, in the context of who submitted it; the result goes to a Future."""

    cdef Engine engine
    cdef tuple args
    cdef dict kwargs
    cdef object context      # the submitter's
    cdef object future
    cdef tp_flag done

    def __init__(self, Engine engine, future, fn, tuple args, dict kwargs):
        self.engine = engine
        self.future = future
        self.fn = fn
        self.args = args
        self.kwargs = kwargs
        self.context = contextvars.copy_context()

    def queue(self, bint insist):
        """Submits it; with `insist` also into a full queue."""
        self.insists = insist
        try:
            self.engine.submit(self)
        except BaseException:
            if not self.queued_at:
                self.drop()
            raise

    def post(self, unsigned index):
        """Submits it to the thread with that index. False: there shall be none."""
        return self.engine.post(self, index)

    cdef bint run(self) except -1:
        cdef uint64_t started = tp_now()
        cdef PyObject *result
        cdef PyObject *error = NULL
        cdef tp_frame *before = current_frame()
        cdef bint visited = is_visitor()
        future = self.future
        if not future.set_running_or_notify_cancel():
            self.drop()
            tp_pool_count(&self.engine.pool, 0, 0, 1)
            return False
        set_current_frame(NULL)  # the item of a run that waits for this is not part of it
        set_visitor(not self.engine.is_own_thread())
        PyContext_Enter(self.context)
        result = PyObject_Call(self.fn, self.args, self.kwargs)
        if result is NULL:
            error = tp_take_exception()
        PyContext_Exit(self.context)
        set_visitor(visited)
        set_current_frame(before)
        self.drop()
        tp_histogram_record(&self.engine.pool.wait_times, started - self.queued_at)
        tp_histogram_record(&self.engine.pool.run_times, tp_now() - started)
        tp_pool_count(&self.engine.pool, error is NULL, error is not NULL, 0)
        try:
            if error is NULL:
                value = <object>result
                Py_DECREF(value)
                future.set_result(value)
            else:
                value = <object>error
                Py_DECREF(value)
                future.set_exception(value)
        finally:
            tp_flag_set(&self.done)
        return error is NULL

    cdef int cancel(self) except -1:
        future = self.future
        future.cancel()
        future.set_running_or_notify_cancel()
        self.drop()
        tp_pool_count(&self.engine.pool, 0, 0, 1)
        return 0

    cdef int refuse(self) except -1:
        future = self.future
        if future.set_running_or_notify_cancel():
            future.set_exception(self.engine.refusal())
        self.drop()
        tp_pool_count(&self.engine.pool, 0, 0, 1)
        return 0

    cdef int drop(self) except -1:
        """Lets go of everything that the call does not need any more: its future may be kept for long."""
        self.fn = self.args = self.kwargs = self.context = self.future = None
        return 0

    def withdraw(self):
        """Takes the call, whose future has been cancelled, out of the queue."""
        if self.engine.claim(self):
            self.cancel()

    cdef int await_start_or_end(self) except -1:
        """Before a thread waits for the future: a thread of a pool runs the call itself if nobody has started it.

        So pools whose tasks wait for one another cannot hang. Others spin for a while; not with the GIL, which the thread
        that they wait for needs.
        """
        if current_worker_object() is not None and self.engine.may_run_here() and self.engine.claim(self):
            self.run()
        elif TP_FREE_THREADED and self.engine.pool.can_spin:
            with nogil:
                tp_flag_spin(&self.done, TP_SPIN_NANOSECONDS)
        return 0


# Methods of `future.Future`. Here, so that calls that wait for one another take no more of Python's stack than functions
# that call one another.

def result(self, timeout=None):
    """The call's result, when it has ended. See the base class."""
    if timeout is None and not self.done():
        (<Call>self._call).await_start_or_end()
    return BaseFuture.result(self, timeout)


def exception(self, timeout=None):
    """The call's exception or None, when it has ended. See the base class."""
    if timeout is None and not self.done():
        (<Call>self._call).await_start_or_end()
    return BaseFuture.exception(self, timeout)
