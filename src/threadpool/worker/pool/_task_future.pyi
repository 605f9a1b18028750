from asyncio import AbstractEventLoop
from asyncio import Future as LoopFuture
from collections.abc import Callable
from contextvars import Context
from typing import Any

from typing_extensions import disjoint_base

from ..messages._queue import Queue

@disjoint_base
class Results(Queue):
    def __init__(self, loop: AbstractEventLoop) -> None: ...
    @property
    def loop(self) -> AbstractEventLoop: ...
    def deliver(self) -> None: ...

def add_done_callback(
    self: LoopFuture[Any], callback: Callable[[Any], object], *, context: Context | None = None
) -> None:
    """Calls ``callback`` with this future when it is done. See the base class."""

def remove_done_callback(self: LoopFuture[Any], callback: Callable[[Any], object]) -> int:
    """Does not call that any more, and returns how often it would have been. See the base class."""

def cancel(self: LoopFuture[Any], msg: Any = None) -> bool:
    """Cancels the task: it does not start, or is told, see `WorkerPool.run`. See the base class."""
