"""The Future of a call that was submitted."""

import concurrent.futures
from typing import Any, TypeVar

from . import _call
from ._call import Call
from ._engine import Engine

_T = TypeVar("_T")


class Future(concurrent.futures.Future[_T]):
    """A `concurrent.futures.Future` that knows its place in the queue."""

    def __init__(self, engine: Engine, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__()
        self._call = Call(engine, self, fn, args, kwargs)

    def queue(self, *, insist: bool = False) -> None:
        """Submits the call, once; with `insist` also into a full queue."""
        self._call.queue(insist)

    def post(self, index: int) -> bool:
        """Submits the call to the thread of that index, once. False: a resize did away with that."""
        return self._call.post(index)

    def cancel(self) -> bool:
        """Cancels the call if it has not started, and then lets go of its arguments at once. See the base class."""
        cancelled = super().cancel()
        if cancelled:
            self._call.withdraw()
        return cancelled

    result = _call.result
    exception = _call.exception
