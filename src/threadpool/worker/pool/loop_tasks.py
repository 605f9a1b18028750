"""Tasks of a worker that are coroutines: several at a time, on an event loop that lives as long as the worker."""

from __future__ import annotations

import asyncio
import collections.abc
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import WorkerLost, WorkerTerminated
from ...pool._cancellation import Cancellation
from ..current import current
from ..messages._queue import EMPTY
from ._seat import CRASHED

if TYPE_CHECKING:
    from ._task import Task
    from .handler_runner import HandlerRunner

# As many tasks are started before the loop does something else.
BATCH = 64


class LoopTasks:
    """Takes tasks for its worker, as many at a time as it may."""

    def __init__(self, worker: HandlerRunner, concurrency: int, idle_timeout: float | None) -> None:
        self._worker = worker
        self._concurrency = concurrency
        self._idle_timeout = idle_timeout
        self._running = 0
        self._expiry: asyncio.TimerHandle | None = None
        self._is_ending = False

    async def serve(self, first: tuple[Task, Awaitable[Any]] | None) -> None:
        """Until the worker is not wanted any more. `first` has begun."""
        self._loop = current().loop = asyncio.get_running_loop()
        self._end = self._loop.create_future()
        self._worker.loop_tasks = self
        if first is not None:
            self._start(*first)
        self._pull()
        await self._end

    def wake(self) -> None:
        """There may be something to do, says any thread."""
        try:
            self._loop.call_soon_threadsafe(self._pull)
        except RuntimeError:  # it is closed
            pass

    def _pull(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        worker, queue = self._worker, self._worker.crew.queue
        for _ in range(BATCH):
            if self._is_ending:
                self._end_when_idle()
                return
            if self._running >= self._concurrency:
                return
            is_ended = queue.is_ended  # looked at first: what was put in before can be taken after that
            if (done := worker.run_next()) is EMPTY:
                if is_ended:
                    self._is_ending = True
                elif worker.crew.waits(self):
                    self._expect_end()
                    return
                continue
            task, awaitable = done
            if awaitable is CRASHED:
                self._is_ending = True
            elif awaitable is not None:
                self._start(task, awaitable)
        self._loop.call_soon(self._pull)

    def _start(self, task: Task, awaitable: Awaitable[Any]) -> None:
        self._running += 1
        cancellation = Cancellation()
        job = self._loop.create_task(_Steps(_outcome(awaitable), cancellation))
        self._worker.go_on(task, _Run(self._loop, job, cancellation))
        job.add_done_callback(partial(self._done, task))

    def _done(self, task: Task, job: asyncio.Task[tuple[Any, BaseException | None]]) -> None:
        self._running -= 1
        result = None
        try:
            result, error = job.result()
        except (asyncio.CancelledError, WorkerTerminated) as reason:
            error = WorkerLost("the worker was terminated in the midst of the task")
            error.__cause__ = reason
        if self._worker.finish(task, result, error) is CRASHED:
            self._is_ending = True
        del error
        self._pull()

    def _end_when_idle(self) -> None:
        if not self._running and not self._end.done():
            self._end.set_result(None)

    def _expect_end(self) -> None:
        if not self._running and self._idle_timeout is not None:
            self._expiry = self._loop.call_later(self._idle_timeout, self._expire)

    def _expire(self) -> None:
        self._expiry = None
        self._is_ending = self._worker.crew.lets_go(self._worker)
        self._pull()


class _Run:
    """What tells a coroutine that it is cancelled: at once, where it awaits something, as in asyncio."""

    def __init__(self, loop: asyncio.AbstractEventLoop, job: asyncio.Task[Any], cancellation: Cancellation) -> None:
        self._loop = loop
        self._job = job
        self._cancellation = cancellation

    def tell(self) -> None:
        self._cancellation.cancel()
        self.interrupt()

    def interrupt(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._job.cancel)
        except RuntimeError:  # the worker has ended
            pass


class _Steps(collections.abc.Coroutine[Any, Any, Any]):
    """A coroutine in which `cancelled` tells of its own task."""

    def __init__(self, coroutine: collections.abc.Coroutine[Any, Any, Any], cancellation: Cancellation) -> None:
        self._coroutine = coroutine
        self._cancellation = cancellation

    def send(self, value: Any) -> Any:
        self._cancellation.enter()
        try:
            return self._coroutine.send(value)
        finally:
            self._cancellation.leave()

    def throw(self, *error: Any) -> Any:
        self._cancellation.enter()
        try:
            return self._coroutine.throw(*error)
        finally:
            self._cancellation.leave()

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Any:
        return self


async def _outcome(awaitable: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """What became of it. What is no Exception would end the event loop, and with it the other tasks."""
    try:
        return await awaitable, None
    except WorkerTerminated:
        raise
    except BaseException as error:
        return None, error
