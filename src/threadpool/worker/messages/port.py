"""Channels: two ports, and what is posted at one arrives at the other."""

from __future__ import annotations

from typing import Any, Protocol

from ._endpoint import Endpoint
from ._inbox import Inbox


class Peer(Protocol):
    """Where messages go: the inbox of the other end, or what leads to it."""

    def put(self, message: Any) -> bool: ...
    def hang_up(self) -> None: ...


class MessagePort(Endpoint):
    """One end of a `MessageChannel`.

    Events: ``message`` (the message), ``messageerror`` (the exception of one that could not be unpickled) and
    ``close``, which comes after the messages that were posted before, at both ends. ``async for`` iterates over the
    messages. A context manager, which closes the port. Made by `MessageChannel` only. Thread-safe.
    """

    def __init__(self) -> None:
        raise TypeError("a MessagePort is made by MessageChannel()")

    @classmethod
    def _of(cls, inbox: Inbox, peer: Peer) -> MessagePort:
        port = cls._of_nobody()
        port._connect(inbox, peer)
        return port

    @classmethod
    def _of_nobody(cls) -> MessagePort:
        """A port that is to take over another."""
        return cls.__new__(cls)

    def close(self) -> None:
        """Ends the channel, for both ends. What was posted before arrives. Twice is as good as once."""
        self._hang_up()

    def __enter__(self) -> MessagePort:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "transferred" if self._is_elsewhere else "closed" if self._open().is_ended else "open"
        return f"<MessagePort {state}>"

    def __reduce__(self) -> str:
        raise TypeError("a MessagePort cannot be pickled or copied: it goes to its new owner by transfer=[port]")


class MessageChannel:
    """Two ports, ``port1`` and ``port2``, for two threads to talk to each other.

    >>> from threadpool.worker import MessageChannel
    >>> channel = MessageChannel()
    >>> channel.port1.post_message("hello")
    >>> channel.port2.recv()
    'hello'
    """

    def __init__(self) -> None:
        first, second = Inbox(), Inbox()
        self.port1 = MessagePort._of(first, second)
        self.port2 = MessagePort._of(second, first)
