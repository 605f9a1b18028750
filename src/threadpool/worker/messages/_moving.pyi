from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ._receiver import Receiver

_R = TypeVar("_R")

def send_moving(
    send: Callable[[Any], _R],
    value: Any,
    transfer: Iterable[Any],
    copy: bool,
    forbidden: tuple[Receiver, ...],
    pack: Callable[[Any], Any] | None = None,
) -> _R:
    """Returns ``send(message)``, with the message that `value` becomes, packed; after its error nothing has moved.

    An exception from elsewhere that comes when the message was sent to a thread is raised, and does not undo that.
    """
