"""What the processes of pools run in these tests; a process that imports a test imports pytest with it."""

import asyncio
import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

import threadpool
from threadpool.worker import current
from threadpool.worker.pool import _task

WAIT = 60

_count = 0
_here: set[object] = set()


def same(task: object) -> object:
    return task


def pid(task: object) -> tuple[object, int]:
    return task, os.getpid()


def count(task: object) -> int:
    """How often it was called, in this process."""
    global _count
    _count += 1
    return _count


def inside(task: object) -> tuple[object, ...]:
    """What a handler finds around it."""
    here = current()
    return here.worker_data, here.thread_id, here.name, here.is_main_thread, sys.argv[1:], dict(os.environ)


def visit(address: tuple[str, int], told: object = None) -> bytes:
    """Tells who it is at a `Door`, and waits until it may go on."""
    with socket.create_connection(address, WAIT) as connection:
        connection.settimeout(WAIT)
        connection.sendall(f"{os.getpid()} {told}\n".encode())
        return connection.recv(1)


async def meet(task: int) -> int:
    """Waits until so many are here at once."""
    _here.add(object())
    while len(_here) < task:
        await asyncio.sleep(0)
    return os.getpid()


class Fatal:
    """Ends the process that pickles it."""

    def __reduce__(self) -> object:
        os._exit(3)


class Killer:
    """Of many bytes; has its process, which is not the test's, killed soon after they are pickled there."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pid = os.getpid()

    def __reduce__(self) -> object:
        if os.getpid() != self.pid:
            threading.Timer(0.001 * random.random(), os.kill, (os.getpid(), signal.SIGKILL)).start()
            return bytes, (bytes(self.size),)
        return Killer._of, (self.size, self.pid)

    @classmethod
    def _of(cls, size: int, pid: int) -> "Killer":
        killer = cls(size)
        killer.pid = pid
        return killer


class Odd(Exception):
    """Cannot be unpickled."""

    def __init__(self, one: object, two: object) -> None:
        super().__init__(one)


def do(task: tuple[str, object]) -> object:
    """What the task says."""
    what, value = task
    if what == "raise":
        raise value
    if what == "raise odd":
        raise Odd(value, 2)
    if what == "exit":
        sys.exit(value)
    if what == "die":
        os._exit(value)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "lambda":
        return lambda: value
    if what == "fatal":
        return Fatal()
    if what == "visit":
        return visit(value)
    if what == "fill":
        return len(bytes(value))
    if what == "write":
        value.view("uint8")[0] = 7
    if what == "answer":
        value.post_message(value.recv(WAIT) * 2)
    return os.getpid()


def tell(address: tuple[str, int], told: object) -> None:
    """The same without waiting."""
    with socket.create_connection(address, WAIT) as connection:
        connection.sendall(f"{os.getpid()} {told}\n".encode())


# Functions, as the jump at the end of a loop is not part of a try statement around it, says Python's compiler.
def ask() -> None:
    while not threadpool.cancelled():
        pass


def loop() -> None:
    while True:
        time.sleep(0.001)


def calculate() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(600)


def resist(fn: Callable[..., object], *arguments: object) -> None:
    try:
        fn(*arguments)
    except BaseException:
        pass


def be_patient(how: str) -> None:
    """In this process one that asks is not interrupted, and any other one once: to tell at the door may take long."""
    _task.UNWIND_SECONDS = 600
    if how == "ask":
        _task.GRACE_SECONDS = 600


def stay(task: tuple[str, tuple[str, int]]) -> object:
    """Comes to the door, stays as the task says, and tells there whether it was cancelled."""
    how, address = task
    if how == "pid":
        return os.getpid()
    if how == "stubborn":
        resist(visit, address)
        while True:
            resist(calculate)
    be_patient(how)
    try:
        visit(address)
        {"ask": ask, "loop": loop, "sleep": sleep}[how]()
    finally:
        tell(address, threadpool.cancelled())
    return how


async def stay_awaiting(task: tuple[str, tuple[str, int]]) -> object:
    """The same in an event loop: to sleep is to await, and the others block the loop."""
    how, address = task
    if how != "sleep":
        return stay(task)
    try:
        await asyncio.to_thread(visit, address)
        await asyncio.sleep(600)
    finally:
        tell(address, threadpool.cancelled())
