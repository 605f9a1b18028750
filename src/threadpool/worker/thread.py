"""The runtime of a worker that is a thread."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Protocol

from ..errors import WorkerTerminated
from ..pool._cancellation import Cancellation
from .current import WorkerContext, enter
from .messages._home import WorkerHome
from .messages._queue import Stop
from .messages.homes import daemon
from .messages.passing import drop_all
from .process.options import NO_STREAMS

if TYPE_CHECKING:
    from .program import Program


# What its own workers are given, all together, to end before it does.
END_SECONDS = 2.0


class Owner(Protocol):
    """What is told how it goes on with a worker."""

    def _begin(self) -> None: ...
    def _end_with(self, code: int, error: BaseException | None) -> None: ...


class ThreadRuntime:
    """A thread that runs the program, and then its callbacks."""

    streams = NO_STREAMS

    def __init__(self, worker: Owner, program: Program, context: WorkerContext) -> None:
        self._worker = worker
        self._program = program
        self._context = context
        self._stop = context.stop = Stop()
        self._home = context.home = WorkerHome()
        self._cancellation = Cancellation()
        self._unbegun = threading.Lock()  # for who begins it, or gives it up, who never gives it back

    def start(self) -> None:
        """RuntimeError: the system has no thread for it."""
        # A daemon: at exit the interpreter ends the workers, and does not wait for one that cannot be interrupted.
        daemon(self._context.name, self.run).start()

    def give_up(self) -> bool:
        """After an exception from `start`. False: it has started all the same; otherwise it never does."""
        return self._unbegun.acquire(False)

    @property
    def pid(self) -> int:
        return os.getpid()

    def ask_to_end(self) -> None:
        """Ends its waits for messages and its event loop, and has `cancelled` return True."""
        self._stop.set()  # first, as who sees that it is cancelled and ends has been terminated
        self._cancellation.cancel()
        self._end_loop()

    def insist(self) -> None:
        """Raises WorkerTerminated in its Python code, which may wait for its own workers, so that they end now, too."""
        for child in self._context.children.copy():
            child.terminate()
        if self._stop.interrupt():
            self._end_loop()

    def _end_loop(self) -> None:
        loop = self._context.loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._check)
            except RuntimeError:  # it is closed
                pass

    def _check(self) -> None:
        if not self._context.has_done_loop:
            self._stop.check_once()

    def utilization(self) -> float:
        return self._stop.utilization()

    def run(self) -> None:
        """All that the worker does, in its thread."""
        if not self._unbegun.acquire(False):
            return
        enter(self._context)
        self._cancellation.enter()
        self._worker._begin()
        error = self._stop.run(self._work)
        self._cancellation.leave()
        code = 1
        try:
            code, error = outcome(error, self._stop.is_set)
            self._clear_up()
        finally:
            self._worker._end_with(code, error)

    def _work(self) -> None:
        if not self._stop.is_set:
            self._program.run()
            self._home.serve()

    def _clear_up(self) -> None:
        children = self._context.children.copy()
        for child in children:
            child.terminate()
        end = time.monotonic() + END_SECONDS
        for child in children:
            child._wait(max(0.0, end - time.monotonic()))
        self._home.end()
        if self._context.loop_home is not None:
            self._context.loop_home.end()
        for port in self._context.owned():
            with contextlib.suppress(RuntimeError):  # it is transferred just now
                port.close()
        if self._context.parent_port is not None:
            with contextlib.suppress(RuntimeError):  # it was transferred
                self._context.parent_port.close()
                drop_all(self._context.parent_port._open())


def outcome(error: BaseException | None, is_terminated: bool) -> tuple[int, BaseException | None]:
    """The exit code, and what is left to tell, of a worker whose code has ended like that."""
    if error is None or isinstance(error, WorkerTerminated):
        return int(is_terminated or error is not None), None
    if not isinstance(error, SystemExit):
        return 1, error
    if error.code is None or isinstance(error.code, int):
        return int(error.code or 0), None
    try:
        print(error.code, file=sys.stderr)  # as the interpreter does
    except BaseException as failure:
        return 1, failure
    return 1, None
