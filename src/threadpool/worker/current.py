"""The worker that a thread is."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from .messages._home import WorkerHome
    from .messages._queue import Stop
    from .messages.homes import LoopHome
    from .messages.port import MessagePort
    from .worker import Worker


class WorkerContext:
    """What the code in a worker knows of it; see `current`. The main thread, and all that are no workers, share one.

    ``parent_port`` is the `MessagePort` to who made the worker, and ``worker_data`` what it was given as ``data``; both
    are None in the main thread. ``thread_id`` is 0 there. ``name`` is the worker's name.
    """

    def __init__(self, thread_id: int, name: str, environment: dict[Any, Any]) -> None:
        self.thread_id = thread_id
        self.name = name
        self.worker_data: Any = None
        self.parent_port: MessagePort | None = None
        self.environment = environment
        self.home: WorkerHome | None = None
        self.stop: Stop | None = None
        self.children: set[Worker] = set()
        self._ports: list[weakref.ref[MessagePort]] = []  # which it owns; without callbacks, which an end could hit
        self._many = 16
        self.loop: asyncio.AbstractEventLoop | None = None  # which waits, or calls back, for this worker
        self.loop_home: LoopHome | None = None  # of the loop that a coroutine function has as its program
        self.has_done_loop = False  # that loop cleans up

    def own(self, ports: Iterable[MessagePort]) -> None:
        """They were transferred to the worker, and end with it."""
        if self.is_main_thread:
            return
        if len(self._ports) > self._many:
            self._ports = [weakref.ref(port) for port in self.owned()]
            self._many = 16 + 2 * len(self._ports)
        self._ports += map(weakref.ref, ports)

    def owned(self) -> Iterator[MessagePort]:
        """Those that are left, some of which it may have given away."""
        return (port for reference in self._ports if (port := reference()) is not None and not port._is_elsewhere)

    def use(self, loop: asyncio.AbstractEventLoop) -> None:
        """That loop runs in this thread: it is what ends with the worker. WorkerTerminated: it is to end now."""
        if self.stop is not None:
            self.loop = loop
            # Who ends the worker sets this first, and looks for a loop then.
            self.stop.check()

    def wait_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Something waits for a message in that loop, which runs in this thread."""
        self.use(loop)
        if self.stop is not None:
            self.stop.pause()

    def go_on(self) -> None:
        """It does not wait any more."""
        if self.stop is not None:
            self.stop.resume()

    @property
    def is_main_thread(self) -> bool:
        """Whether this is no worker."""
        return self.thread_id == 0

    def __repr__(self) -> str:
        return f"<WorkerContext {self.thread_id} {self.name!r}>"


_here = threading.local()
_of_process = WorkerContext(0, "main", {})


def current() -> WorkerContext:
    """The worker whose thread calls this.

    For modules that several workers import: they are executed once, so what they import from `threadpool.worker` is
    that of the first.
    """
    context: WorkerContext = getattr(_here, "context", _of_process)
    return context


def enter(context: WorkerContext) -> None:
    """From now on this thread is that worker."""
    _here.context = context


def enter_process(context: WorkerContext) -> None:
    """This process is that worker, with all threads of it that are no workers."""
    global _of_process
    _of_process = context


def set_environment_data(key: Any, value: Any) -> None:
    """Has `get_environment_data` return ``value`` for ``key``: here, and in workers that are made here later.

    None removes the key. Each worker has a copy of its own, made when it is. As in Node.
    """
    environment = current().environment
    if value is None:
        environment.pop(key, None)
    else:
        environment[key] = value


def get_environment_data(key: Any) -> Any:
    """What `set_environment_data` has set here, or before this worker was made; None if nothing."""
    return current().environment.get(key)
