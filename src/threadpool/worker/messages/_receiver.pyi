import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from typing_extensions import disjoint_base

from ._delivery import Delivery
from ._inbox import Inbox

_C = TypeVar("_C", bound=Callable[..., Any])
_R = TypeVar("_R", bound="Receiver")

def running_loop() -> asyncio.AbstractEventLoop | None: ...
def unpacked(message: Any) -> Any: ...

class Message(NamedTuple):
    """What `receive_message` returns."""

    value: Any

@disjoint_base
class Receiver(Delivery):
    """What ports, channels and workers have in common. Safe to use from any thread."""

    def on(self, event: str, callback: _C) -> _C:
        """Calls ``callback`` with each event of that name: with the message, the error, the exit code, or nothing.

        It runs on the asyncio loop that is running here now, and may be a coroutine function then; in a worker without
        a loop on the worker's own thread, once its script has ended, which stays alive for it; elsewhere on the
        delivery thread. One after the other, in the order of what happened, in the context of who calls this. Returns
        the callback. What happens once, like the end, is told to who comes late, if nobody has heard of it yet.
        ValueError: no such event; TypeError: not callable.
        """

    def once(self, event: str, callback: _C) -> _C:
        """The same for the next event only."""

    def off(self, event: str, callback: Callable[..., Any]) -> None:
        """Does not call ``callback`` for that event any more; that which was added last, if it was more than once."""

    def receive_message(self) -> Message | None:
        """The next message, as a `Message` with a ``value``, without waiting; None when there is none.

        One from another process that cannot be unpickled raises what went wrong.
        """

    def recv(self, timeout: float | None = None) -> Any:
        """Waits for the next message and returns it.

        TimeoutError: there is none within ``timeout`` seconds (None: however long). EOFError: there is none any more.
        In a thread whose event loop is running: RuntimeError, unless ``timeout`` is 0; there: ``await anext(port)``.
        Ctrl-C, the end of the worker that waits, and a transfer of the port interrupt it.
        """

    def __aiter__(self: _R) -> _R: ...
    async def __anext__(self) -> Any:
        """The next message. The iteration ends when there is none any more. Cancelled, it has taken none."""

    def _open(self) -> Inbox: ...
    def _end_of_messages(self) -> BaseException: ...
    def close(self) -> None:
        """No message comes any more; those that are there can still be taken."""

    def ref(self) -> None:
        """Has listeners here keep the worker alive whose thread they run on; that is so by default."""

    def unref(self) -> None:
        """Lets the worker end whose thread the listeners run on, even though they could be called again."""

    @property
    def keeps_alive(self) -> bool:
        """Whether it keeps the worker alive whose thread its listeners run on."""
