"""The runtime of a worker that is a process, as the process sees it that has made it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import WorkerCrashed
from ..messages._queue import EMPTY, Queue
from ..messages.homes import daemon
from .link import FIRST_OF_PARENT, PORT, START, Link
from .main_module import preparation
from .options import ProcessOptions, Streams
from .packing import PackedError, Pickled, pack
from .reactor import reactor

if TYPE_CHECKING:
    from ..current import WorkerContext
    from ..program import Program
    from ..worker import Worker

# For the answer to a question; a process that does not give one in time is at work.
ANSWER_SECONDS = 1.0
# For a process to end whose link is closed.
END_SECONDS = 1.0

_COMMAND = "import sys; sys.path[:] = {path!r}; from threadpool.worker.process.child import main; main({number})"


class ProcessRuntime:
    """A new interpreter, of which `child` is the other half. `handlers`: more of what a `Link` has."""

    def __init__(
        self,
        worker: Worker,
        program: Program,
        context: WorkerContext,
        data: Any,
        options: ProcessOptions,
        handlers: Mapping[str, Callable[..., object]] | None = None,
    ) -> None:
        self._worker = worker
        self._options = options
        self._handlers = handlers or {}
        settings = {
            "name": context.name,
            "thread_id": context.thread_id,
            "path": program.path,
            "source": program.source,
            "argv": options.argv or [],
            "main": preparation(),
        }
        # In the order in which they are taken out.
        self._start = [
            pack(settings),
            pack(program.function, "target"),
            pack(data, "data"),
            pack(context.environment, "the environment data"),
        ]
        self._outcome: tuple[int, PackedError | None] | None = None
        self._unbegun = threading.Lock()  # for who begins it, or gives it up, who never gives it back
        self._is_decided = threading.Event()  # whether it has started
        self._failure: BaseException | None = None
        self._has_started = False
        self._is_asked = False
        self._has_insisted = False
        self._answers: deque[Queue] = deque()
        self._utilization = 0.0

    def start(self) -> None:
        """OSError: the system has no process or no file number for it; RuntimeError: it has no thread."""
        reactor.start()
        # Where no exception comes from elsewhere, as of a signal handler, and leaves a process of which nobody knows.
        daemon("threadpool-start", self._try_to_start).start()
        self._is_decided.wait()
        if self._failure is not None:
            raise self._failure

    def give_up(self) -> bool:
        """As with a thread."""
        if self._unbegun.acquire(False):
            return True
        self._is_decided.wait()
        return self._failure is not None

    def _try_to_start(self) -> None:
        if not self._unbegun.acquire(False):
            return
        # For the process, which inherits that: it does not complain of a Ctrl-C before it can see to it.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            self._start_process()
        except BaseException as error:
            self._failure = error
        self._is_decided.set()

    def _start_process(self) -> None:
        ours, theirs = socket.socketpair()
        handlers: dict[str, Callable[..., object]] = {
            "online": self._worker._begin,
            "end": self._end,
            "utilization": self._answer,
            "lost": self._lost,
            **self._handlers,
        }
        port = self._worker._context.parent_port
        assert port is not None
        self.link = Link(ours, FIRST_OF_PARENT, {PORT: self._worker._open()}, handlers)
        try:
            with theirs:
                self._process = self._open_process(theirs.fileno())
        except BaseException:
            ours.close()  # and the process ends, if there is one
            raise
        self.link.start()
        if self._options.resource_limits:
            self.link.send("limit_memory", int(self._options.resource_limits["memory"]))
        for part in self._start:
            self.link.send("message", START, part)
        self._start.clear()
        self.link.channel(PORT, port._open())
        self._has_started = True
        if self._is_asked:
            self.ask_to_end()

    def _open_process(self, number: int) -> subprocess.Popen[bytes]:
        from multiprocessing.spawn import get_command_line

        # The interpreter, its options, and ["-c", code, "--multiprocessing-fork"]
        *command, _, _, _ = get_command_line()
        code = _COMMAND.format(path=[each for each in sys.path if isinstance(each, str)], number=number)
        environment = os.environ.copy() if self._options.env is None else self._options.env
        if self._options.resource_limits:
            # A free-threaded Python reserves a gigabyte at once, all of which would count.
            environment = {**environment, "MIMALLOC_ARENA_RESERVE": "0"}
        pipes = [subprocess.PIPE if is_wanted else None for is_wanted in self._options[2:5]]
        return subprocess.Popen(
            [*command, "-c", code],
            stdin=pipes[0],
            stdout=pipes[1],
            stderr=pipes[2],
            env=environment,
            pass_fds=(number,),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def streams(self) -> Streams:
        return self._process.stdin, self._process.stdout, self._process.stderr

    def ask_to_end(self) -> None:
        """As with a thread. One that is about to start is asked when it has."""
        self._is_asked = True
        if self._has_started:
            self.link.send("ask_to_end")

    def insist(self) -> None:
        """The first time it raises WorkerTerminated in the program, then it ends the process."""
        if not self._has_started:
            return
        if not self._has_insisted:
            self._has_insisted = True
            self.link.send("insist")
        else:
            self.kill()

    def kill(self) -> None:
        if not self.link.is_lost:  # as it is in the child of a fork, whose worker this is not
            self._process.kill()

    def utilization(self) -> float:
        if self._outcome is not None or self.link.is_lost:
            return self._utilization
        answer = Queue()
        self._answers.append(answer)
        if not self.link.send("ask_utilization"):
            return self._utilization
        value = answer.get(ANSWER_SECONDS)
        return 1.0 if value is EMPTY else value

    # In the reactor's thread

    def _answer(self, utilization: float) -> None:
        self._answers.popleft().put(utilization)

    def _end(self, code: int, utilization: float, error: tuple[str, str] | None, message: Pickled | None) -> None:
        self._utilization = utilization
        self._outcome = code, None if error is None else PackedError(*error, message)
        self.link.send("bye")

    def _lost(self) -> None:
        while self._answers:
            self._answer(self._utilization)
        self._reap(time.monotonic() + END_SECONDS, 0.001)

    def _reap(self, end: float, pause: float) -> None:
        if self._process.poll() is None:
            if time.monotonic() > end:
                self._process.kill()
            reactor.call_later(pause, self._reap, end, min(pause * 2, 0.05))
            return
        if self._outcome is not None:
            self._worker._end_with(*self._outcome)
        elif self._is_asked:
            self._worker._end_with(1, None)
        else:
            code = self._process.returncode
            error = WorkerCrashed(self._worker.name, code)
            self._worker._end_with(code, PackedError(type(error).__name__, str(error), None, error))
