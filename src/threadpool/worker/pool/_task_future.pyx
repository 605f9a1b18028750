"""How the outcome of a task gets to an event loop, to its future and to those who wait for that.

asyncio is imported here: this module is itself imported with the first task.
"""

import asyncio

from cpython.ref cimport Py_DECREF, PyObject

from threadpool.pool._python cimport PyContext_Enter, PyContext_Exit, tp_take_exception
from threadpool.worker.messages._queue cimport Queue
from threadpool.worker.pool._task cimport Task

from threadpool.worker.messages._queue import EMPTY as NOTHING

cdef extern from "Python.h":
    PyObject *PyObject_CallOneArg(object callable, object argument)
    object PyContext_CopyCurrent()

# C variables, which are faster.
cdef object EMPTY = NOTHING
cdef object base_add_done_callback = asyncio.Future.add_done_callback
cdef object base_remove_done_callback = asyncio.Future.remove_done_callback
cdef object base_cancel = asyncio.Future.cancel
cdef object base_set_result = asyncio.Future.set_result
cdef object base_set_exception = asyncio.Future.set_exception

# As many results go to an event loop before it does something else.
cdef int BATCH = 128


cdef class Results(Queue):
    """What became of the tasks of one event loop."""

    cdef readonly object loop

    def __init__(self, loop):
        self.loop = loop
        self.arm()

    cpdef object announce(self):
        try:
            self.loop.call_soon_threadsafe(self.deliver)
        except RuntimeError:  # the loop is closed: nobody waits any more
            self.end()

    def deliver(self):
        """In the loop: a batch at a time, so that its timers and signals get their turn."""
        cdef int left = BATCH
        try:
            while left and (task := self.take()) is not EMPTY:
                left -= 1
                self.resolve(task)
        finally:
            if not self.arm():
                self.loop.call_soon(self.deliver)

    cdef int resolve(self, Task task) except -1:
        """Gives the outcome to the future, and calls back."""
        future, task.future = task.future, None
        outcome, task.outcome = task.outcome, None
        if future is None:  # it was cancelled
            return 0
        future._task = None
        if task.is_error:
            base_set_exception(future, outcome)
        else:
            base_set_result(future, outcome)
        callbacks, task.callbacks = task.callbacks, None
        callback, task.callback = task.callback, None
        context, task.context = task.context, None
        if callback is not None:
            self.call(callback, context, future)
            if callbacks is not None:
                for callback, context in callbacks:
                    self.call(callback, context, future)
        return 0

    cdef int call(self, callback, context, future) except -1:
        """As the loop would, a moment later."""
        cdef PyObject *result
        PyContext_Enter(context)
        result = PyObject_CallOneArg(callback, future)
        error = <object>tp_take_exception() if result is NULL else None
        PyContext_Exit(context)
        if result is not NULL:
            Py_DECREF(<object>result)
            return 0
        Py_DECREF(error)
        if isinstance(error, (SystemExit, KeyboardInterrupt)):
            raise error
        self.loop.call_exception_handler({"message": f"Exception in callback {callback!r}", "exception": error})
        return 0


# Methods of `futures.TaskFuture`. Its callbacks are not handed to the loop one by one: they are called when its result
# arrives, in the loop, which costs a third.

def add_done_callback(self, callback, *, context=None):
    """Calls ``callback`` with this future when it is done. See the base class."""
    cdef Task task = self._task
    if task is None:
        base_add_done_callback(self, callback, context=context)
        return
    if context is None:
        context = PyContext_CopyCurrent()
    if task.callback is None:
        task.callback, task.context = callback, context
    elif task.callbacks is None:
        task.callbacks = [(callback, context)]
    else:
        task.callbacks.append((callback, context))


def remove_done_callback(self, callback):
    """Does not call that any more, and returns how often it would have been. See the base class."""
    cdef Task task = self._task
    if task is None:
        return base_remove_done_callback(self, callback)
    before = take_callbacks(task)
    for other, context in before:
        if other != callback:
            add_done_callback(self, other, context=context)
    return len(before) - len(task_callbacks(task))


cdef list task_callbacks(Task task):
    return [] if task.callback is None else [(task.callback, task.context), *(task.callbacks or ())]


cdef list take_callbacks(Task task):
    callbacks = task_callbacks(task)
    task.callback = task.context = task.callbacks = None
    return callbacks


def cancel(self, msg=None):
    """Cancels the task: it does not start, or is told, see `WorkerPool.run`. See the base class."""
    cdef Task task = self._task
    if task is None:
        return base_cancel(self, msg)
    self._task = None
    base_cancel(self, msg)
    for callback, context in take_callbacks(task):
        (<Results>task.results).loop.call_soon(callback, self, context=context)
    task.future = None
    task.cancel()
    return True
