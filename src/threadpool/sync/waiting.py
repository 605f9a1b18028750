"""wait_async: a place in the parking lot, a mailbox for each event loop, and a future for each that waits."""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import warnings
import weakref
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from ._waiter import Mailbox, Waiter


def begin(buf: Any, index: Any, value: Any, timeout: Any) -> Waiting:
    """See `Atomics.wait_async`."""
    loop = asyncio.get_running_loop()
    waiting = Waiting(Waiter(_mailbox_of(loop), loop.create_future()))
    waiting.begin(loop, buf, index, value, timeout)
    return waiting


class Waiting(Coroutine[Any, Any, str]):
    """The coroutine of wait_async. However it ends, and if it never begins, its place in the queue is given up, and a
    notification that has come already, but was not acted on, goes to the next."""

    def __init__(self, waiter: Waiter) -> None:
        self.__name__ = self.__qualname__ = "wait_async"
        self._waiter = waiter
        self._steps: Generator[Any, None, str] = waiter.future.__await__()
        self._timer: asyncio.TimerHandle | None = None
        self._has_ended = False
        self._was_awaited = True  # or cannot be: it has not taken its place

    def begin(self, loop: asyncio.AbstractEventLoop, buf: Any, index: Any, value: Any, timeout: Any) -> None:
        seconds = self._waiter.enqueue(buf, index, value, timeout)
        if seconds is None:
            self._waiter.future.set_result("not-equal")
        elif seconds == 0:
            _expire(self._waiter)
        elif seconds < math.inf:
            self._timer = loop.call_later(seconds, _expire, self._waiter)
        self._was_awaited = False

    def send(self, value: Any) -> Any:
        return self._step(self._steps.send, value)

    def throw(self, error: Any, value: Any = None, traceback: Any = None) -> Any:
        return self._step(self._steps.throw, error if value is None else value)

    def _step(self, step: Callable[[Any], Any], argument: Any) -> Any:
        self._was_awaited = True
        try:
            return step(argument)
        except StopIteration:
            self._end()
            raise
        except BaseException:
            self._give_up()
            raise

    def close(self) -> None:
        self._was_awaited = True
        self._steps.close()
        self._give_up()

    def __await__(self) -> Generator[Any, None, str]:
        return self

    def __iter__(self) -> Waiting:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def __del__(self) -> None:
        self._give_up()
        if not self._was_awaited:
            warnings.warn("coroutine 'wait_async' was never awaited", RuntimeWarning, stacklevel=2, source=self)

    def _give_up(self) -> None:
        if not self._has_ended:
            self._waiter.give_up()
            self._end()

    def _end(self) -> None:
        self._has_ended = True
        if self._timer is not None:
            self._timer.cancel()


def _expire(waiter: Waiter) -> None:
    result = "timed-out" if waiter.leave() else "ok"
    if not waiter.future.done():
        waiter.future.set_result(result)


class _Listener:
    """What a loop calls when there is something in its mailbox. Only the loop keeps it: its end is that of the loop."""

    def __init__(self, mailbox: Mailbox, writes: socket.socket) -> None:
        self.mailbox = mailbox
        self.writes = writes
        self.reads: socket.socket | None = None  # None: a thread reads

    def __call__(self) -> None:
        if self.reads is not None:
            try:
                self.reads.recv(4096)
            except BlockingIOError:
                pass
        for waiter in self.mailbox.fetch():
            if not waiter.future.done():
                waiter.future.set_result("ok")

    def __del__(self) -> None:
        for waiter in list(self.mailbox.waiters):
            waiter.give_up()
        self.writes.close()
        if self.reads is not None:
            self.reads.close()


def _listen(loop: asyncio.AbstractEventLoop) -> _Listener:
    reads, writes = socket.socketpair()
    writes.setblocking(False)
    listener = _Listener(Mailbox(writes.fileno()), writes)
    try:
        loop.add_reader(reads, listener)
    except NotImplementedError:  # Windows: a thread reads, and a timer keeps the listener as long as the loop is
        arguments = (reads, weakref.ref(loop), weakref.ref(listener))
        threading.Thread(target=_relay, args=arguments, name="threadpool-wait_async", daemon=True).start()
        loop.call_later(1e9, listener)
    else:
        reads.setblocking(False)
        listener.reads = reads
    return listener


def _relay(
    reads: socket.socket, loop: weakref.ref[asyncio.AbstractEventLoop], listener: weakref.ref[_Listener]
) -> None:
    with reads:
        while reads.recv(4096):
            alive = loop()
            try:
                if alive is None:
                    break
                alive.call_soon_threadsafe(_deliver_to, listener)
            except RuntimeError:  # it is closed
                break
            finally:
                del alive


def _deliver_to(listener: weakref.ref[_Listener]) -> None:
    """Weak, as what the thread has made, and let go, free-threaded CPython may keep until the thread does something."""
    alive = listener()
    if alive is not None:
        alive()


_listeners: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[_Listener]] = weakref.WeakKeyDictionary()


def _mailbox_of(loop: asyncio.AbstractEventLoop) -> Mailbox:
    """Called by the loop's thread alone, so it is made once."""
    reference = _listeners.get(loop)
    listener = None if reference is None else reference()
    if listener is None:
        listener = _listen(loop)
        _listeners[loop] = weakref.ref(listener)
    return listener.mailbox
