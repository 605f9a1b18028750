"""wait_async: a place in the parking lot, a mailbox for each event loop, and a future for each that waits."""

from __future__ import annotations

import asyncio
import functools
import math
import socket
import threading
import weakref
from collections.abc import Coroutine
from typing import Any

from ._waiter import Mailbox, Waiter


def begin(buf: Any, index: Any, value: Any, timeout: Any) -> Coroutine[Any, Any, str]:
    """See `Atomics.wait_async`."""
    loop = asyncio.get_running_loop()
    waiter = Waiter(_mailbox_of(loop), loop.create_future())
    seconds = waiter.enqueue(buf, index, value, timeout)
    coroutine = _outcome(waiter)
    if seconds is None:
        waiter.future.set_result("not-equal")
        return coroutine
    if seconds == 0:
        _expire(waiter)
    elif seconds < math.inf:
        waiter.timer = loop.call_later(seconds, _expire, waiter)
    # One that is dropped before it was awaited never runs: its place in the queue is given up all the same.
    waiter.watch = weakref.ref(coroutine, functools.partial(_forget, waiter))
    return coroutine


async def _outcome(waiter: Waiter) -> str:
    try:
        result: str = await waiter.future
    except BaseException:  # cancelled, or closed
        _give_up(waiter)
        raise
    finally:
        waiter.watch = None
        if waiter.timer is not None:
            waiter.timer.cancel()
    return result


def _give_up(waiter: Waiter) -> None:
    """A notification that has come already, but was not acted on, goes to the next."""
    if not waiter.leave():
        waiter.pass_on()


def _forget(waiter: Waiter, _: object) -> None:
    waiter.watch = None
    _give_up(waiter)


def _expire(waiter: Waiter) -> None:
    result = "timed-out" if waiter.leave() else "ok"
    if not waiter.future.done():
        waiter.future.set_result(result)


class _Listener:
    """What a loop calls when there is something in its mailbox. Only the loop keeps it: its end is that of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.reads, self.writes = socket.socketpair()
        self.writes.setblocking(False)
        self.mailbox = Mailbox(self.writes.fileno())
        try:
            loop.add_reader(self.reads, self)
            self.reads.setblocking(False)
        except NotImplementedError:  # Windows: a thread listens instead, and a timer keeps this as long as the loop is
            loop.call_later(1e9, self)
            relay = threading.Thread(target=_relay, args=(self.reads, loop, weakref.ref(self)), daemon=True)
            relay.name = "threadpool-wait_async"
            relay.start()

    def __call__(self) -> None:
        try:
            self.reads.recv(4096)
        except BlockingIOError:
            pass
        self.deliver()

    def deliver(self) -> None:
        for waiter in self.mailbox.fetch():
            if not waiter.future.done():
                waiter.future.set_result("ok")

    def __del__(self) -> None:
        for waiter in list(self.mailbox.waiters):
            _give_up(waiter)
        self.writes.close()
        self.reads.close()


def _relay(reads: socket.socket, loop: asyncio.AbstractEventLoop, listener: weakref.ref[_Listener]) -> None:
    while reads.recv(4096):
        try:
            loop.call_soon_threadsafe(_deliver_to, listener)
        except RuntimeError:  # the loop is closed
            break


def _deliver_to(listener: weakref.ref[_Listener]) -> None:
    """Weak, as what the thread has made, and let go, free-threaded CPython may keep until the thread does something."""
    alive = listener()
    if alive is not None:
        alive.deliver()


_listeners: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[_Listener]] = weakref.WeakKeyDictionary()
_listeners_lock = threading.Lock()


def _mailbox_of(loop: asyncio.AbstractEventLoop) -> Mailbox:
    with _listeners_lock:
        reference = _listeners.get(loop)
        listener = None if reference is None else reference()
        if listener is None:
            listener = _Listener(loop)
            _listeners[loop] = weakref.ref(listener)
        return listener.mailbox
