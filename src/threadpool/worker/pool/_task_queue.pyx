"""How a task of a WorkerPool gets to its workers, and which future the caller gets for it."""

import threading

from libc.stdint cimport SIZE_MAX

from threadpool.worker.messages._queue cimport Queue, tp_flag, tp_now
from threadpool.worker.pool._account cimport Account, tp_tally_is_short, tp_tally_renew, tp_tally_start, tp_tally_submit
from threadpool.worker.pool._task cimport Task

from threadpool.errors import QueueFull
from threadpool.pool._run import seconds
from threadpool.worker.messages._queue import EMPTY

# asyncio and concurrent.futures are imported with the first task, perhaps by several threads. Written before the flag.
cdef object get_running_loop, Results, TaskFuture, SubmittedTask
cdef tp_flag are_futures_loaded = False
cdef object loading = threading.Lock()


cdef int load_futures() except -1:
    global get_running_loop, Results, TaskFuture, SubmittedTask, are_futures_loaded
    import asyncio

    from threadpool.worker.pool import _task_future, futures

    with loading:
        if not are_futures_loaded:
            Results = _task_future.Results
            TaskFuture, SubmittedTask = futures.TaskFuture, futures.SubmittedTask
            get_running_loop = asyncio.get_running_loop
            are_futures_loaded = True
    return 0


cdef class TaskQueue(Queue):
    """What the workers of one pool are to do. Armed by workers with an event loop that wait."""

    cdef readonly Account account
    cdef dict results   # of each event loop

    def __init__(self, crew, limit):
        self.account = Account(crew, limit)
        self.results = {}

    cpdef object announce(self):
        crew = self.account.crew
        try:
            crew.wake_waiting()
        except BaseException:  # of a signal handler: nobody else tells of this task
            crew.wake_waiting()
            raise

    def run(self, value, name, timeout):
        """See `WorkerPool.run`."""
        if not are_futures_loaded:
            load_futures()
        loop = get_running_loop()
        results = self.results.get(loop)
        if results is None:
            results = self.add_loop(loop)
        cdef Task task = self.new_task(value, name, timeout)
        task.results = results
        future = task.future = TaskFuture(loop=loop)
        future._task = task
        self.enqueue(task)
        return future

    def submit(self, value, name, timeout):
        """See `WorkerPool.submit`."""
        task, future = self.prepare(value, name, timeout)
        self.enqueue(task)
        return future

    def prepare(self, value, name, timeout=None):
        """A task, which is to be put in yet, and its future."""
        if not are_futures_loaded:
            load_futures()
        cdef Task task = self.new_task(value, name, timeout)
        future = task.future = SubmittedTask()
        future._task = task
        return task, future

    def put_for(self, future, value):
        """A task whose outcome goes to ``future``, which has `set_result`, `set_exception`, `_task`."""
        cdef Task task = self.new_task(value, None, None)
        task.future = future
        future._task = task
        self.enqueue(task)
        return task

    cdef object add_loop(self, loop):
        for other in list(self.results):
            if other.is_closed():
                self.results.pop(other, None)
        return self.results.setdefault(loop, Results(loop))

    cdef Task new_task(self, value, name, timeout):
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a str, not {type(name).__name__!r}")
        cdef Task task = Task.__new__(Task)
        task.account = self.account
        task.value = value
        task.name = name
        if timeout is not None:
            task.timeout = seconds("timeout", timeout)
        task.queued_at = tp_now()
        return task

    cdef int enqueue(self, Task task) except -1:
        if not tp_tally_submit(&self.account.tally):
            task.future._task = None
            crew = self.account.crew
            raise QueueFull(f"the queue of the WorkerPool {crew.name!r} is full: max_queue={crew.max_queue}")
        if not self.put(task):
            task.future._task = None
            tp_tally_start(&self.account.tally)
            self.account.close_task(0, 0, 0, 0)
            raise self.account.crew.refusal()
        if tp_tally_is_short(&self.account.tally):
            self.account.crew.grow()
        if self.account.tally.limit != SIZE_MAX and self.account.is_full:
            self.account.crew.tell_of_room()
        return 0

    def renew_after_fork(self):
        """In the child of a fork: no worker is there, and of what was queued the parent takes care."""
        Queue.renew_after_fork(self)
        while self.take() is not EMPTY:
            pass
        self.results = {}
        tp_tally_renew(&self.account.tally)
