"""The workers of a WorkerPool: how many there are, when they start and end, and what the pool's state is."""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import WorkerLost
from ...pool import lifecycle
from ..current import WorkerContext, current
from ..messages._inbox import Inbox
from ..messages._queue import EMPTY, spared
from ..messages._receiver import Receiver
from ..messages.homes import report
from ._task import Task
from ._task_queue import TaskQueue
from .deadlines import Deadlines
from .handlers import Handlers

if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import TypeAlias

    from .handler_runner import HandlerRunner
    from .loop_tasks import LoopTasks
    from .pool_worker import PoolWorker
    from .process_worker import ProcessWorker

    _Worker: TypeAlias = PoolWorker | ProcessWorker


class Events(Receiver):
    """What a pool tells its listeners."""

    events = ("drain", "needs_drain", "error", "worker_create", "worker_destroy")

    def __init__(self) -> None:
        self._own(Inbox())

    def tell(self, event: str, *arguments: Any) -> bool:
        """False: nobody listens for that."""
        if not self._listeners.get(event):
            return False
        self._open().happen(event, *arguments)
        return True

    def close(self) -> None:
        """The worker on whose thread the listeners run has ended."""


class Crew:
    """What is behind a `WorkerPool`: it goes on until its workers have ended, also when the pool is forgotten."""

    def __init__(
        self,
        handlers: Handlers,
        *,
        min_workers: int,
        max_workers: int,
        idle_timeout: float | None,
        max_queue: int | None,
        concurrency: int,
        data: Any,
        name: str,
        new_worker: Callable[[Crew], _Worker],
    ) -> None:
        from concurrent.futures import Future

        self.handlers = handlers
        self.min_workers = min_workers
        self.max_workers = max_workers
        self.idle_timeout = idle_timeout
        self.max_queue = max_queue
        self.concurrency = concurrency
        self.data = data
        self.name = name
        self._new_worker = new_worker
        self.context: WorkerContext = current()
        self.events = Events()
        self.end: Future[None] = Future()
        self.end.set_running_or_notify_cancel()  # it cannot be cancelled by who awaits it
        self.queue = TaskQueue(self, None if max_queue is None else max_workers * concurrency + max_queue)
        self._error: BaseException | None = None
        self._is_destroyed = False
        self._was_full = False
        self._begin()
        lifecycle.renewed_after_fork(self)
        lifecycle.watched(self)

    def _begin(self) -> None:
        self.deadlines = Deadlines()
        self.workers: set[_Worker] = set()
        self._has_crashed = False  # a worker in its start-up, after the last that has worked
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[LoopTasks | ProcessWorker, None] = {}  # those that wait by `waits`, for the longest first

    # Workers come and go

    def grow(self) -> None:
        """Another worker, if there may be one more. Its failure to start fails the tasks, if there is none for them."""
        spared(self._grow)  # that this thread, which may be a worker of somebody else, is to end is no such failure

    def _grow(self) -> None:
        with self._lock:
            if len(self.workers) >= self.max_workers or self._is_destroyed or self._error is not None:
                return
            worker = self._new_worker(self)
            self.workers.add(worker)
            self._count()
            name = f"{self.name}-{next(self._numbers)}"
        try:
            worker.start(name)
        except BaseException as error:
            self.cannot_start(worker, error)
            if not isinstance(error, Exception):  # of a signal handler
                raise
            return
        if self._is_destroyed:
            worker.terminate()

    def cannot_start(self, worker: _Worker, error: BaseException) -> None:
        """The system has no thread or no process for it."""
        self._remove(worker)
        if not self.workers:
            self._fail_queued(error)
            self._look()

    def lets_go(self, worker: HandlerRunner | ProcessWorker) -> bool:
        """Whether a worker that has nothing to do may end; if so, it is not counted any more."""
        with self._lock:
            is_ended = self.queue.is_ended
            if not is_ended and len(self.workers) <= self.min_workers:
                return False
            self._count(leaving=1)
            # A task that was put in before that has not started another worker for itself.
            if worker.own or len(self.queue):
                self._count()
                return False
            self.workers.discard(worker)
            return True

    def lose(self, worker: _Worker) -> None:
        """It has ended."""
        self._remove(worker)
        while worker.own:
            lost = self.refusal() if self._error else WorkerLost("the worker has ended before the task has started")
            worker.own.popleft().fail(lost)
        self.events.tell("worker_destroy", worker.thread_id)
        if worker.was_terminated:  # by the pool, or because who made the pool has ended
            self.destroy()
        self._look(worker.can_be_replaced)

    def _remove(self, worker: _Worker) -> None:
        with self._lock:
            self.workers.discard(worker)
            self._count()

    def _count(self, leaving: int = 0) -> None:
        there = len(self.workers) - leaving
        self.queue.account.set_capacity(there * self.concurrency if there < self.max_workers else None)

    def _look(self, may_replace: bool = False) -> None:
        """Whether a worker is missing, or all is over."""
        if len(self.queue) or (may_replace and not self.queue.is_ended and len(self.workers) < self.min_workers):
            self.grow()
        elif self.queue.is_ended and not self.workers:
            with self._lock:
                if not self.end.done():
                    self.end.set_result(None)

    def post_to_all(self, value: Any, name: str | None) -> list[Future[Any]]:
        """A task for each of the workers."""
        if self.queue.is_ended:
            raise self.refusal()
        futures = []
        for worker in self.workers.copy():
            task, future = self.queue.prepare(value, name)
            with self._lock:
                is_there = worker in self.workers
                if is_there:
                    self.queue.account.count()
                    worker.own.append(task)
            if is_there:
                futures.append(future)
                worker.nudge()
        return futures

    def check_waiting(self, what: str) -> None:
        """RuntimeError: this thread is one of the workers, and would wait for itself."""
        here = current()
        if any(worker.thread_id == here.thread_id for worker in self.workers.copy()):
            raise RuntimeError(f"a worker of the WorkerPool {self.name!r} cannot {what}")

    # Workers with an event loop or a process, that wait

    def waits(self, worker: LoopTasks | ProcessWorker) -> bool:
        """It is woken for the next task. False: there is one already."""
        with self._lock:
            self._waiting[worker] = None
        if self.queue.arm():
            return True
        with self._lock:
            return self._waiting.pop(worker, self) is self  # it is about to be woken

    def wake_waiting(self) -> None:
        """A task was put in, or the queue has ended."""
        while True:
            with self._lock:
                worker = next(iter(self._waiting), None)
                if worker is None:
                    return
                del self._waiting[worker]
            try:
                worker.wake()
            except BaseException:  # of a signal handler: it is waited for no more
                worker.wake()
                raise
            if self._waiting and self.queue.arm():
                return

    # What is told

    def tell_of(self, error: BaseException) -> None:
        """An exception that no task gets."""
        if not self.events.tell("error", error):
            report(error)

    def tell_of_room(self) -> None:
        """The queue is full, or is not any more."""
        with self._lock:
            is_full = self.queue.account.is_full
            if is_full != self._was_full:
                self._was_full = is_full
                self.events.tell("needs_drain" if is_full else "drain")

    # The end

    def close(self) -> None:
        self.queue.end()
        self._look()

    def destroy(self) -> None:
        with self._lock:
            self._is_destroyed = True
        self.queue.end()
        self._fail_queued(None)
        for worker in self.workers.copy():
            for task in [*worker.own, *worker.running.copy()]:
                self._fail(task, None)
            worker.terminate()
        self._look()

    def fail(self, error: BaseException) -> None:
        """The start-up of a worker does not work: nothing of the pool does."""
        with self._lock:
            self._error = self._error or error
        self.queue.end()
        self._fail_queued(error)

    def start_up_worked(self) -> None:
        """Of a process."""
        self._has_crashed = False

    def is_first_crash(self) -> bool:
        """In a start-up, which may be chance: the second in a row is not, or processes would be started for ever."""
        with self._lock:
            is_first, self._has_crashed = not self._has_crashed, True
        return is_first

    def refusal(self) -> BaseException:
        """Why there are no new tasks."""
        return (
            _same(self._error) if self._error is not None else RuntimeError(f"the WorkerPool {self.name!r} is closed")
        )

    def _fail_queued(self, error: BaseException | None) -> None:
        while (task := self.queue.take()) is not EMPTY:
            self._fail(task, error)

    def _fail(self, task: Task, error: BaseException | None) -> None:
        reason = RuntimeError(f"the WorkerPool {self.name!r} was destroyed") if error is None else _same(error)
        if not task.fail(reason):
            task.stop(reason)

    # The process

    def stop(self) -> None:
        """At exit."""
        if self._error is None:
            self._error = RuntimeError(f"the WorkerPool {self.name!r} has ended with the program's main thread")
        self.destroy()

    def abandon(self) -> None:
        """In the child of a fork; see `renew_after_fork`."""

    def renew_after_fork(self) -> None:
        self.queue.renew_after_fork()
        self._begin()
        lifecycle.watched(self)
        self._look()


def _same(error: BaseException) -> BaseException:
    """As futures must not share one: an exception like that, with its traceback."""
    try:
        twin = copy.copy(error)
    except Exception:  # its class cannot be copied
        twin = RuntimeError(f"a worker could not start: {type(error).__name__}")
        twin.__cause__ = error
    if not isinstance(twin, Exception):  # such as SystemExit, which would end who waits for it
        twin = WorkerLost(f"a worker could not start: {type(error).__name__}")
        twin.__cause__ = error
        return twin
    return twin.with_traceback(error.__traceback__)
