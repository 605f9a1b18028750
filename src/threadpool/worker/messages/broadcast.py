"""BroadcastChannel: one name, and all who have opened it hear what any of them says."""

from __future__ import annotations

import copy as copying
import threading
from typing import TYPE_CHECKING, Any

from ._inbox import Inbox
from ._receiver import Receiver
from .relay import relay

if TYPE_CHECKING:
    from ..process.link import Link
    from ..process.packing import Pickled

_lock = threading.RLock()  # a finalizer may close a channel while another is made or closed
_channels: dict[str, tuple[BroadcastChannel, ...]] = {}  # the tuples are replaced and never changed


class BroadcastChannel(Receiver):
    """A channel between all that open one of the same ``name``.

    >>> from threadpool.worker import BroadcastChannel
    >>> one, other = BroadcastChannel("news"), BroadcastChannel("news")
    >>> one.post_message("hello")
    >>> other.recv()
    'hello'
    >>> one.close(), other.close()
    (None, None)

    Events: ``message``, ``messageerror`` and ``close``, as of a `MessagePort`. Messages are kept for each until it
    takes them, so close it when it is not needed any more; it is a context manager. Thread-safe.
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"name must be a str, not {type(name).__name__!r}")
        self._name = name
        self._own(Inbox())
        with _lock:
            _channels[name] = (*_channels.get(name, ()), self)
            relay.set_names(_channels)

    @property
    def name(self) -> str:
        """As it was given."""
        return self._name

    def post_message(self, value: Any, *, copy: bool = False) -> None:
        """Sends ``value`` to all other channels of this name: by reference, or each a deep copy with ``copy=True``.

        To those in workers that are processes it is pickled, if there are any. RuntimeError: this channel is closed;
        TypeError: it cannot be pickled, and was sent to none.
        """
        if self._open().is_ended:
            raise RuntimeError(f"the BroadcastChannel {self._name!r} is closed")
        others = [channel for channel in _channels.get(self._name, ()) if channel is not self]
        # All copies are made first: after an error nothing was sent.
        values = [copying.deepcopy(value) for _ in others] if copy else [value] * len(others)
        links = relay.receivers(self._name, None)
        packed = None
        if links:
            from ..process.packing import pack

            packed = pack(value)
        for channel, each in zip(others, values, strict=True):  # before anybody elsewhere can have answered
            channel._open().put(each)
        if packed is not None:
            relay.send(links, self._name, packed)

    def close(self) -> None:
        """Sends and gets nothing any more; what has arrived can still be taken. Twice is as good as once."""
        with _lock:
            left = tuple(channel for channel in _channels.get(self._name, ()) if channel is not self)
            if left:
                _channels[self._name] = left
            else:
                _channels.pop(self._name, None)
            relay.set_names(_channels)
        self._open().end_with("close")

    def __enter__(self) -> BroadcastChannel:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<BroadcastChannel {self._name!r} {'closed' if self._open().is_ended else 'open'}>"


def deliver(name: str, message: Pickled, origin: Link) -> None:
    """Hands on what comes from another process."""
    relay.send(relay.receivers(name, origin), name, message)
    for channel in _channels.get(name, ()):
        channel._open().put(message)
