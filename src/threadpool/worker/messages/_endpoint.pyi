from collections.abc import Iterable
from typing import Any

from typing_extensions import disjoint_base

from ._inbox import Inbox
from ._receiver import Receiver
from .port import Peer

@disjoint_base
class Endpoint(Receiver):
    """A receiver that also sends: to the other end of its channel."""

    @property
    def _peer(self) -> Peer: ...
    @property
    def is_closed(self) -> bool: ...
    def _connect(self, inbox: Inbox, peer: Peer) -> None: ...
    def _take_over(self, source: Endpoint) -> None: ...
    def _let_go(self) -> None: ...
    def _hang_up(self) -> None: ...
    def _send(self, message: Any) -> None: ...
    def _ends(self) -> tuple[Receiver, ...]: ...
    def post_message(self, value: Any, transfer: Iterable[Any] = (), *, copy: bool = False) -> None:
        """Sends ``value``: any object, by reference, so in constant time; the receiver gets the very same.

        ``copy=True`` sends a deep copy. What is in ``transfer``, ports and SharedBuffers, changes its owner: the
        receiver gets it with the message, and here it raises RuntimeError, or ValueError, from now on; its lists,
        tuples, dicts and sets are copied for that, and of them only those in the message itself are looked at. After
        an error nothing was moved. To a worker that is a process the message is pickled, and ports must be transferred.

        Never waits. When the other end is closed, the message is thrown away, as in Node.
        TypeError, ValueError: a ``transfer`` that cannot be; BufferError: a SharedBuffer with views. What copying and
        pickling raise. Thread-safe.
        """
