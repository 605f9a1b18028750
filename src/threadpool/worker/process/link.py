"""The connection of a worker that is a process with the process that made it: frames, and channels between inboxes.

A port that goes to the other process leaves its inbox behind: what is put into that is sent over a channel, and what
comes from the channel is put into the inbox of the port's other end. So both ends of a channel may be anywhere.
"""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Mapping
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from ...pool import lifecycle
from ..messages import broadcast
from ..messages._inbox import Inbox
from ..messages.homes import report
from ..messages.port import MessagePort, Peer
from ..messages.relay import relay
from ._reader import FrameReader
from ._writer import Frame, Writer
from .channel import Channel
from .packing import File, Pickled, own_main, pack_failure
from .reactor import reactor

PORT = 0  # the numbers of the channels that are there from the start
START = 1
FIRST_OF_PARENT = 2  # of those that are opened later, each second one
FIRST_OF_CHILD = 3

FLUSH_SECONDS = 0.001  # between two looks whether all is written


class Link:
    """Frames to another process and from it. `handlers` are what is done with those that are no messages, in the
    reactor's thread: by their kind, with their fields. Thread-safe.
    """

    def __init__(
        self,
        connection: socket.socket,
        first_number: int,
        channels: Mapping[int, Peer],
        handlers: Mapping[str, Callable[..., object]],
        main: Callable[[], str] = own_main,
    ) -> None:
        connection.setblocking(False)
        self.wanted: frozenset[str] = frozenset()  # the names of broadcasts that the other process is sent
        self.told: frozenset[str] = frozenset()
        self.is_lost = False
        self._connection = connection
        self._numbers = itertools.count(first_number, 2)
        self._lock = threading.Lock()
        self._channels = {number: Channel(self, number, target) for number, target in channels.items()}
        self._handlers: dict[str, Callable[..., object]] = {
            "message": self._message,
            "last": self._last,
            "close": self._close,
            "names": lambda names: relay.want(self, names),
            "broadcast": lambda name, message: broadcast.deliver(name, message, self),
            **handlers,
        }
        self._main = main
        self._reader = FrameReader(connection, self._arrive)
        self._writer = Writer(connection, reactor.later(self._watch, True))

    def handle(self, kind: str, handler: Callable[..., object]) -> None:
        """One more, before the other process sends any of that kind."""
        self._handlers[kind] = handler

    def start(self) -> None:
        lifecycle.renewed_after_fork(self)
        reactor.call(self._watch, False)
        relay.add(self)

    def channel(self, number: int, source: Inbox | None = None) -> Channel:
        """One that is there from the start; what is put into `source` goes over it from now on."""
        channel = self._channels[number]
        channel.source = source
        if source is not None:
            channel.lead(source)
        return channel

    def forget(self, number: int) -> None:
        """Nothing comes from that channel any more."""
        with self._lock:
            self._channels.pop(number, None)

    # To the other process

    def send(self, kind: str, *fields: Any) -> bool:
        """The last field may be a message. Never waits. False: the other process is gone, and so is the message."""
        message = fields[-1] if fields and isinstance(fields[-1], Pickled) else None
        if message is None:
            self._writer.put(Frame(kind, fields, (), None))
            return not self.is_lost
        moves = [self._move(port) for port in message.ports]
        self._writer.put(Frame(kind, fields[:-1], tuple(way for _, _, way in moves), message))
        for inbox, channel, _ in moves:
            channel.lead(inbox)
        return not self.is_lost

    def _move(self, port: MessagePort) -> tuple[Inbox, Channel, tuple[int, bool]]:
        """Over which channel it goes, and whether that is the one by which it came."""
        inbox, peer = port._open(), port._peer
        inbox.owner = None
        # A channel that is being closed may be gone there before the port arrives.
        if isinstance(peer, Channel) and not port.is_closed and (number := peer.leave(self)) is not None:
            return inbox, peer, (number, True)
        with self._lock:
            number = next(self._numbers)
            channel = Channel(self, number, peer, inbox)
            if not self.is_lost:
                self._channels[number] = channel
        if self.is_lost:
            channel.lose()
        return inbox, channel, (number, False)

    def flush(self, then: Callable[[], object]) -> None:
        """Calls `then` when all is written, or nothing can be any more. In the reactor's thread only."""
        if self.is_lost or self._writer.is_empty:
            then()
        else:
            reactor.call_later(FLUSH_SECONDS, self.flush, then)

    def _watch(self, writing: bool) -> None:
        if not self.is_lost:
            reactor.watch(self._connection, writing, self._ready)

    # From the other process

    def _ready(self, events: int) -> None:
        if events & EVENT_WRITE:
            self._watch(False)
            self._writer.resume()
        if events & EVENT_READ and not self.is_lost and not self._read():
            self.lose()

    def _read(self) -> bool:
        try:
            return self._reader.read()
        except Exception as error:  # what comes is no frame, and nor is what follows
            report(error)
            return False

    def _arrive(
        self,
        kind: str,
        fields: tuple[Any, ...],
        ways: tuple[tuple[int, bool], ...],
        files: list[File | None],
        parts: list[Any] | None,
    ) -> None:
        ports = [self._arrive_port(number, is_back) for number, is_back in ways]
        if parts is None:
            failure = pack_failure(MemoryError("no memory for the message"))
            fields = (*fields, Pickled(failure.body, [], files, ports, self._main))
        elif parts:
            fields = (*fields, Pickled(parts[0], parts[1:], files, ports, self._main))
        try:
            self._handlers[kind](*fields)
        except Exception as error:
            report(error)

    def _arrive_port(self, number: int, is_back: bool) -> MessagePort:
        if is_back:
            return self._channels[number].come_home()
        inbox = Inbox()
        channel = self._channels[number] = Channel(self, number, inbox)
        return MessagePort._of(inbox, channel)

    def _message(self, number: int, message: Any) -> None:
        channel = self._channels.get(number)
        if channel is not None:
            channel.message(message)
        elif isinstance(message, Pickled):
            message.discard()

    def _last(self, number: int) -> None:
        if channel := self._channels.get(number):
            channel.last()

    def _close(self, number: int) -> None:
        if channel := self._channels.get(number):
            channel.close()

    def lose(self) -> None:
        """The other process is gone. In the reactor's thread only."""
        if self.is_lost:
            return
        with self._lock:
            self.is_lost = True
            channels, self._channels = self._channels, {}
        relay.remove(self)
        self._writer.close()
        reactor.forget(self._connection)
        for channel in channels.values():
            channel.lose()
        self._handlers["lost"]()

    def renew_after_fork(self) -> None:
        """In the child of a fork nothing goes over it, nor is the parent's end hidden from the other process."""
        self.is_lost = True
        self._writer.renew_after_fork()
        self._connection.close()
