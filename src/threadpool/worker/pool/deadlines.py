"""Which running tasks of a pool are to end at what time."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from ..messages.homes import delivery

if TYPE_CHECKING:
    from ._task import Task


class Deadlines:
    """Tasks with a timeout. The delivery thread looks when the first of them is due, however many there are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[Task, float] = {}
        self._next = math.inf

    def add(self, task: Task) -> None:
        """It has started now."""
        end = time.monotonic() + (task.timeout or 0)
        with self._lock:
            self._tasks[task] = end
            if end >= self._next:
                return
            self._next = end
        delivery.call_later(end - time.monotonic(), self._look, end)

    def discard(self, task: Task) -> None:
        """It has ended."""
        with self._lock:
            self._tasks.pop(task, None)

    def _look(self, when: float) -> None:
        now = time.monotonic()
        with self._lock:
            if when != self._next:  # an earlier one was added meanwhile, and is looked for
                return
            due = [task for task, end in self._tasks.items() if end <= now]
            for task in due:
                del self._tasks[task]
            following = self._next = min(self._tasks.values(), default=math.inf)
        if following < math.inf:
            delivery.call_later(following - now, self._look, following)
        for task in due:
            task.stop(TimeoutError(f"the task has not ended within {task.timeout} seconds"))
