"""The thread that reads and writes for all links of this process."""

from __future__ import annotations

import functools
import heapq
import itertools
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from ...pool import lifecycle
from ..messages._queue import EMPTY, Queue
from ..messages.homes import daemon, report


class _Calls(Queue):
    """What the thread is to call; a byte wakes it."""

    def __init__(self) -> None:
        self.reading, writing = socket.socketpair()
        self.reading.setblocking(False)
        writing.setblocking(False)
        # All of it in C: a signal's exception cannot come between the message and the byte.
        self.announce = functools.partial(writing.send, b"\0")  # type: ignore[assignment, method-assign]


class Reactor:
    """Started when it is first needed. Only its thread reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._later: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._numbers = itertools.count()
        self._sockets: set[socket.socket] = set()
        self._calls: _Calls | None = None

    def start(self) -> None:
        """OSError: no file numbers are left; RuntimeError: no thread."""
        with self._lock:
            if self._calls is not None:
                return
            self._calls = calls = _Calls()
            try:
                self._selector = selectors.DefaultSelector()
                self._selector.register(calls.reading, selectors.EVENT_READ, lambda _: calls.reading.recv(64))
                # A daemon: it has work as long as the interpreter runs.
                daemon("threadpool-links", self._run).start()
            except BaseException:
                self._calls = None
                raise

    def call(self, fn: Callable[..., object], *arguments: Any) -> None:
        """Has the thread call the function, which does not block; one after the other."""
        if self._calls is not None:
            self._calls.put((fn, arguments))

    def later(self, fn: Callable[..., object], *arguments: Any) -> Callable[[], object]:
        """What has the thread call the function, without running Python code in the thread that asks for it."""
        assert self._calls is not None
        return functools.partial(self._calls.put, (fn, arguments))

    def call_later(self, seconds: float, fn: Callable[..., object], *arguments: Any) -> None:
        """Does so after so many seconds. In the thread only."""
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._numbers), fn, arguments))

    def watch(self, connection: socket.socket, writing: bool, ready: Callable[[int], object]) -> None:
        """Has `ready` called when the connection can be read from, or, with `writing`, written to; in the thread."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
        change = self._selector.modify if connection in self._sockets else self._selector.register
        change(connection, events, ready)
        self._sockets.add(connection)

    def forget(self, connection: socket.socket) -> None:
        """Closes the connection. In the thread only."""
        if connection in self._sockets:
            self._sockets.remove(connection)
            self._selector.unregister(connection)
        connection.close()

    def _run(self) -> None:
        assert self._calls is not None
        while True:
            try:
                timeout = self._due()
                self._step(timeout if self._calls.arm() else 0)
            except BaseException as error:
                report(error)

    def _step(self, timeout: float | None) -> None:
        for key, events in self._selector.select(timeout):
            key.data(events)
        assert self._calls is not None
        while (call := self._calls.take()) is not EMPTY:
            fn, arguments = call
            del call
            fn(*arguments)

    def _due(self) -> float | None:
        """Does what is due; the seconds until the next of it."""
        while self._later:
            left = self._later[0][0] - time.monotonic()
            if left > 0:
                return left
            _, _, fn, arguments = heapq.heappop(self._later)
            fn(*arguments)
        return None

    def renew_after_fork(self) -> None:
        # What the parent keeps is not to be changed: the selector is closed and nothing is unregistered.
        if self._calls is not None:
            self._selector.close()
        self.__init__()  # type: ignore[misc]


reactor = Reactor()
lifecycle.renewed_after_fork(reactor)
