"""What tests of workers share: a log of events that can be waited for, and programs in processes of their own."""

import asyncio
import queue
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from threadpool.worker import MessageChannel, MessagePort, WorkerPool

TIMEOUT = 60
PROGRAM_TIMEOUT = 110  # in which much is waited for; a test has 120, see pyproject.toml


class Log:
    """What happened, in its order, by any thread."""

    def __init__(self) -> None:
        self.entries: list[object] = []
        self._changed = threading.Condition()

    def __call__(self, *entry: object) -> None:
        with self._changed:
            self.entries.append(entry[0] if len(entry) == 1 else entry)
            self._changed.notify_all()

    def listen(self, receiver, *events: str) -> None:
        """Writes down the events, all by default, as (event, *arguments)."""
        for event in events or receiver.events:
            receiver.on(event, lambda *arguments, event=event: self(event, *arguments))

    def wait(self, is_enough: Callable[[list[object]], bool]) -> list[object]:
        with self._changed:
            assert self._changed.wait_for(lambda: is_enough(self.entries), TIMEOUT), self.entries
            return list(self.entries)

    def wait_for(self, entry: object) -> list[object]:
        return self.wait(lambda entries: entry in entries)


class Door:
    """Where handlers in other processes come, see `pool_handlers.visit`, and wait until they may go."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(TIMEOUT)
        self.address = self._socket.getsockname()
        self._visitors: list[socket.socket] = []

    def visitor(self) -> "Visitor":
        connection, _ = self._socket.accept()
        connection.settimeout(TIMEOUT)
        self._visitors.append(connection)
        return Visitor(connection)

    def close(self) -> None:
        for connection in [self._socket, *self._visitors]:
            connection.close()


class Visitor:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        with connection.makefile() as file:
            number, _, self.told = file.readline().rstrip("\n").partition(" ")
        self.pid = int(number)

    def let_go(self) -> None:
        self._connection.sendall(b"!")

    def is_gone(self) -> bool:
        """Waits until its process, or its visit, has ended."""
        try:
            return self._connection.recv(1) == b""
        except ConnectionResetError:
            return True


@pytest.fixture
def door():
    door = Door()
    yield door
    door.close()


class HeldDeadlines:
    """The time of a pool's tasks counts from when this is let go: then what must come before can be waited for."""

    def __init__(self, pool) -> None:
        self._deadlines = pool._crew.deadlines
        self._add = self._deadlines.add
        self._tasks: queue.SimpleQueue = queue.SimpleQueue()
        self._deadlines.add = self._tasks.put

    def let_go(self) -> None:
        """Of the next task that has started."""
        self._add(self._tasks.get(timeout=TIMEOUT))


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Runs it in an event loop of its own."""
    return asyncio.run(asyncio.wait_for(main, TIMEOUT))


def process_pool(target: Any, workers: int = 1, **options: Any) -> WorkerPool:
    return WorkerPool(target, workers, runtime="process", **options)


# Not fixtures, as each of the threads that do a test at once has its own.
def new_ports() -> tuple[MessagePort, MessagePort]:
    """The two ends of a channel."""
    channel = MessageChannel()
    return channel.port1, channel.port2


@pytest.fixture
def handler_file(tmp_path: Path) -> Callable[..., Path]:
    """`handler_file(source)` is the path of a file with it."""

    def write(source: str, name: str = "handlers_in_file.py") -> Path:
        folder = tmp_path / str(threading.get_ident())
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(textwrap.dedent(source))
        return path

    return write


PRELUDE = """
import asyncio, os, sys, threading, time, warnings
from threadpool.worker import *
import threadpool.worker
warnings.simplefilter("ignore", DeprecationWarning)  # of fork in a process with threads
"""


@pytest.fixture
def program() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`program(source)` runs it as a program of its own; the processes that wait for it are done with."""

    def run(source: str, *arguments: str, timeout: float = PROGRAM_TIMEOUT) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", PRELUDE + textwrap.dedent(source), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout)

    return run


@pytest.fixture
def prints(program) -> Callable[[str], str]:
    """`prints(source)` is what the program writes; it must succeed, and complain of nothing."""

    def run(source: str) -> str:
        done = program(source)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run
