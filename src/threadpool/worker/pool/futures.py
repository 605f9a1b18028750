"""What `WorkerPool.run` and `WorkerPool.submit` return."""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import TYPE_CHECKING, Any

from . import _task_future

if TYPE_CHECKING:
    from ._task import Task


class TaskFuture(asyncio.Future[Any]):
    """An `asyncio.Future` whose cancellation is that of the task."""

    __slots__ = ("_task",)

    add_done_callback = _task_future.add_done_callback
    remove_done_callback = _task_future.remove_done_callback
    cancel = _task_future.cancel


class SubmittedTask(concurrent.futures.Future[Any]):
    """A `concurrent.futures.Future` of which the task knows whether it has started."""

    _task: Task | None

    def cancel(self) -> bool:
        """Cancels the task if it has not started, and then lets go of its argument at once. See the base class."""
        task = self._task
        if task is None or not task.withdraw():
            return self.cancelled()
        super().cancel()
        self.set_running_or_notify_cancel()
        return True

    def running(self) -> bool:
        """Whether it has started, and not ended. See the base class."""
        task = self._task
        return task is not None and task.is_running and not self.done()
