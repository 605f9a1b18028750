"""Where callbacks run that are not on a worker's own thread: on an event loop, or on the delivery thread."""

from __future__ import annotations

import contextvars
import heapq
import itertools
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from ...pool import lifecycle
from ._home import Call, Home, Once, ThreadHome, close_all, is_kept_alive
from ._queue import Queue, Stop

if TYPE_CHECKING:
    import asyncio
    from contextvars import Context

    from ._receiver import Receiver


_tasks: set[asyncio.Task[Any]] = set()  # of listeners; a loop keeps weak references only


class LoopHome(Home):
    """An event loop of asyncio."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._receivers: set[Receiver] = set()
        self._serving: asyncio.Future[None] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LoopHome) and self.loop is other.loop

    def __hash__(self) -> int:
        return hash(self.loop)

    @property
    def is_gone(self) -> bool:
        return self.loop.is_closed()

    def call(self, call: Call) -> bool:
        try:
            self.loop.call_soon_threadsafe(call)
        except RuntimeError:
            return False
        return True

    def again(self, call: Call) -> bool:
        self.loop.call_soon(call)
        return True

    def fail(self, callback: Callable[..., Any], error: BaseException) -> None:
        if isinstance(error, (SystemExit, KeyboardInterrupt)):
            raise error
        self.loop.call_exception_handler({"message": f"Exception in listener {callback!r}", "exception": error})

    def go_on(self, result: Any, context: Context) -> None:
        if isinstance(result, Coroutine):
            task = self.loop.create_task(result, context=context)
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)

    def keep(self, receiver: Receiver) -> None:
        self._receivers.add(receiver)

    def forget(self, receiver: Receiver) -> None:
        self._receivers.discard(receiver)

    def look_again(self) -> None:
        if self._serving is not None:
            self.call(Once(self._wake))

    def _wake(self) -> None:
        if self._serving is not None and not self._serving.done():
            self._serving.set_result(None)

    async def serve(self) -> None:
        """Lets the loop call back until there is nothing left that could."""
        while True:
            self._serving = self.loop.create_future()  # before it looks
            if not is_kept_alive(self._receivers):
                return
            await self._serving

    def end(self) -> None:
        """The loop is closed, and what has listened there ends with its worker."""
        close_all(self._receivers, self)


class DaemonHome(ThreadHome):
    """A thread that is started when it is first needed, and has no end: the interpreter does not wait for it."""

    name: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._has_started = False

    def start(self) -> None:
        """RuntimeError: the system has no thread for it."""
        if self._has_started:
            return
        with self._lock:
            if not self._has_started:
                # It has a Stop, though nobody stops it, as its waits need not look after signals then.
                daemon(self.name, Stop().run, self._run).start()
                self._has_started = True

    def call(self, call: Call) -> bool:
        self.start()
        return super().call(call)

    def _run(self) -> None:
        while True:
            try:
                self._work()
            except BaseException as error:
                report(error)

    def _work(self) -> None:
        self.step()

    def renew_after_fork(self) -> None:
        self.__init__()  # type: ignore[misc]


class DeliveryHome(DaemonHome):
    """The thread for all callbacks that have no other home."""

    name = "threadpool-delivery"

    def keep(self, receiver: Receiver) -> None:
        self.start()  # now, and not when somebody sends: this is where an error belongs

    def fail(self, callback: Callable[..., Any], error: BaseException) -> None:
        report(error)

    def call_later(self, seconds: float, fn: Callable[..., object], *arguments: Any) -> None:
        """Calls the function, which does not block, after so many seconds; in a thread that no callback holds up."""
        _timer.call(Once(_timer.remember, time.monotonic() + seconds, fn, arguments))

    @property
    def is_here(self) -> bool:
        """Whether this is its thread."""
        return threading.current_thread().name == self.name

    def drain(self, seconds: float) -> None:
        """Waits, for so long at most, until nothing is left to call."""
        if not self._has_started:
            return
        is_empty = Queue()

        def look() -> None:
            if len(self._calls):
                self.call(Once(look))
            else:
                is_empty.end()

        self.call(Once(look))
        is_empty.get(seconds)

    def be_ready(self) -> None:
        """From now on `call_later` needs no new thread. RuntimeError: there is none."""
        _timer.start()


class Timer(DaemonHome):
    """The thread that calls what is due."""

    name = "threadpool-timer"

    def __init__(self) -> None:
        super().__init__()
        self._later: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._numbers = itertools.count()

    def remember(self, when: float, fn: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        heapq.heappush(self._later, (when, next(self._numbers), fn, arguments))

    def _work(self) -> None:
        if self._later and self._later[0][0] <= time.monotonic():
            _, _, fn, arguments = heapq.heappop(self._later)
            fn(*arguments)
        else:
            self.step(max(0.0, self._later[0][0] - time.monotonic()) if self._later else None)


delivery = DeliveryHome()
_timer = Timer()
for _home in (delivery, _timer):
    lifecycle.renewed_after_fork(_home)


def daemon(name: str, fn: Callable[..., object], *arguments: Any) -> threading.Thread:
    """A thread that the interpreter does not wait for, in an empty context."""
    # From 3.14 on a thread may inherit the context of who starts it, and would keep it alive.
    options: dict[str, Any] = {"context": contextvars.Context()} if sys.version_info >= (3, 14) else {}
    thread = threading.Thread(target=fn, args=arguments, name=name, daemon=True, **options)
    # A free-threaded interpreter frees it in the thread that has made it, at any time, and a set of weak references
    # would call Python code then: there a WorkerTerminated that is on its way to that thread would be lost.
    getattr(threading, "_dangling", set()).discard(thread)
    return thread


def report(error: BaseException, thread: threading.Thread | None = None) -> None:
    """Tells of an exception that nobody else gets, as of one that ended a thread."""
    thread = thread or threading.current_thread()
    told = threading.ExceptHookArgs((type(error), error, error.__traceback__, thread))
    try:
        threading.excepthook(told)
    except BaseException:  # a broken one; what it was told of matters more than what it raises
        threading.__excepthook__(told)
