"""A worker that is a process, from the inside: what the new interpreter does from its start to its end."""

from __future__ import annotations

import functools
import itertools
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from ...pool import lifecycle
from .. import worker
from ..current import WorkerContext, enter_process
from ..messages._inbox import Inbox
from ..messages.homes import report
from ..messages.port import MessagePort
from ..program import Program
from ..thread import ThreadRuntime
from ..worker import GRACE_SECONDS, UNWIND_SECONDS
from .link import FIRST_OF_CHILD, PORT, START, Link
from .main_module import ParentMain
from .packing import PackedError, Pickled
from .reactor import reactor


class ProcessContext(WorkerContext):
    """Unpickles what came with the worker when it is first asked for: in the program, which can cope with errors."""

    def __init__(self, thread_id: int, name: str, data: Pickled, environment: Pickled, link: Link) -> None:
        super().__init__(thread_id, name, {})
        del self.worker_data, self.environment
        self.link = link
        self._data = data
        self._environment = environment

    @functools.cached_property
    def worker_data(self) -> Any:
        return self._data.unpack()

    @functools.cached_property
    def environment(self) -> dict[Any, Any]:  # type: ignore[override]
        environment: dict[Any, Any] = self._environment.unpack()
        return environment


class _Program(Program):
    """What the other process has checked."""

    is_main = True

    def __init__(self, path: str | None, source: str | None, function: Pickled) -> None:
        self.path = path
        self.source = source
        self.function = None
        self._function = function

    def run(self) -> None:
        self.function = self._function.unpack()
        super().run()


class Child:
    """The worker in its process, as its runtime and its link see it."""

    def __init__(self, connection: socket.socket) -> None:
        reactor.start()
        self._main = ParentMain()
        self._start = Inbox()
        self._inside = Inbox()
        self._has_been_asked = False
        self._runtime: ThreadRuntime | None = None
        self._code = 1
        self._may_leave = threading.Event()
        self._is_copy = False  # it is that of a process that the worker has forked
        handlers: dict[str, Callable[..., object]] = {
            "limit_memory": limit_memory,  # before the next frame is read
            "ask_to_end": self._ask_to_end,
            "insist": self._insist,
            "ask_utilization": self._tell_utilization,
            "bye": self._leave,
            "lost": self._lost,
        }
        channels = {PORT: self._inside, START: self._start}
        self._link = Link(connection, FIRST_OF_CHILD, channels, handlers, self._main.name)
        self._outside = self._link.channel(PORT)  # now, as later the link may be lost
        lifecycle.renewed_after_fork(self)

    def run(self) -> int:
        """Does all that the worker does; the exit code."""
        self._link.start()
        settings = self._take().unpack()
        function, data, environment = self._take(), self._take(), self._take()
        number, path = settings["thread_id"], settings["path"]
        context = ProcessContext(number, settings["name"], data, environment, self._link)
        context.parent_port = MessagePort._of(self._inside, self._outside)
        enter_process(context)
        worker._numbers = itertools.count(number + 1)  # those of this worker's own
        threading.main_thread().name = context.name
        self._main.preparation = settings["main"]
        self._main.has_program = path is not None or settings["source"] is not None
        sys.argv = [path or "", *settings["argv"]]
        if path is not None and not sys.flags.safe_path:
            sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
        self._runtime = ThreadRuntime(self, _Program(path, settings["source"], function), context)
        if self._has_been_asked:
            self._end_with(1, None)
        else:
            self._runtime.run()
        self._may_leave.wait()
        return self._code

    def renew_after_fork(self) -> None:
        """The other process knows nothing of this one, which ends by itself."""
        self._is_copy = True
        self._may_leave = threading.Event()
        self._may_leave.set()

    def _take(self) -> Pickled:
        message = self._start.get()
        if not isinstance(message, Pickled):  # the other process has ended
            sys.exit(1)
        return message

    # Of the runtime

    def _begin(self) -> None:
        self._link.send("online")

    def _end_with(self, code: int, error: BaseException | None) -> None:
        assert self._runtime is not None
        self._code = code
        if self._is_copy:
            if error is not None:
                report(error)
            return
        utilization = self._runtime.utilization()
        if error is None:
            self._link.send("end", code, utilization, None, None)
        else:
            packed = PackedError.of(error)
            self._link.send("end", code, utilization, (packed.name, packed.text), packed.pickled)

    # Of the link, in the reactor's thread

    def _ask_to_end(self) -> None:
        self._has_been_asked = True
        if self._runtime is not None:
            self._runtime.ask_to_end()

    def _insist(self) -> None:
        if self._runtime is not None:
            self._runtime.insist()
            interrupt_system_call()

    def _tell_utilization(self) -> None:
        self._link.send("utilization", 0.0 if self._runtime is None else self._runtime.utilization())

    def _leave(self) -> None:
        """All that was sent here has been read, and what turns round is written before this."""
        reactor.call(self._link.flush, self._may_leave.set)

    def _lost(self) -> None:
        """The other process is gone, and this worker ends with it."""
        self._may_leave.set()
        self._ask_to_end()
        reactor.call_later(GRACE_SECONDS, self._insist)
        reactor.call_later(GRACE_SECONDS + UNWIND_SECONDS, os._exit, 1)


def interrupt_system_call() -> None:
    """What waits in the system returns to the interpreter, where the exception is raised that was sent there."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def limit_memory(size: int) -> None:
    """Of its data: unlike the size of all addresses that leaves shared memory out, and what is reserved only."""
    import resource

    os.environ.pop("MIMALLOC_ARENA_RESERVE", None)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        size = min(size, most)
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def main(number: int) -> None:
    """Never returns. `number` is that of the file of the connection."""
    # Ctrl-C is for the main program, which ends its workers.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    connection = socket.socket(fileno=number)
    connection.set_inheritable(False)
    sys.exit(Child(connection).run())
