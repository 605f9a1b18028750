"""What the workers of these tests run; a process that imports a test imports pytest with it."""

import asyncio
import os

from threadpool.worker import BroadcastChannel, MessageChannel, Worker, current

# The source of what does not end when it is asked to, nor when it is interrupted.
STUBBORN = """
def stay():
    while True:
        try:
            while True: pass
        except BaseException: pass
while True:
    try: stay()
    except BaseException: pass
"""


class Fault(Exception):
    def __init__(self, text: str, number: int) -> None:
        super().__init__(text)
        self.number = number

    def __reduce__(self) -> object:
        return Fault, (self.args[0], self.number)


class Local(Exception):
    """Cannot be pickled."""

    def __reduce__(self) -> object:
        raise TypeError("not this one")


class Unreadable(Exception):
    """Cannot be unpickled, nor formatted."""

    def __init__(self, one: object, two: object) -> None:
        super().__init__(one)

    def __str__(self) -> str:
        raise ValueError("no text")


class OnlyHere:
    """Can be pickled, but not unpickled in another process."""

    def __reduce__(self) -> object:
        return _make_here, (os.getpid(),)


def _make_here(pid: int) -> str:
    if pid != os.getpid():
        raise ValueError("not there")
    return "here"


def echo() -> None:
    """Sends everything back, until it is None."""
    port = current().parent_port
    while (value := port.recv()) is not None:
        port.post_message(value)


async def echo_on_loop() -> None:
    port = current().parent_port
    async for value in port:
        if value is None:
            break
        await asyncio.sleep(0)
        port.post_message(value)


def fail_with(error: type[Exception]) -> None:
    raise error("why", 7) if error in (Fault, Unreadable) else error("why")


def fail() -> None:
    current().parent_port.recv(60)  # as soon as somebody listens
    fail_with(current().worker_data)


def answer_port() -> None:
    """Answers what comes from a port that it is sent, until that is closed."""
    port = current().parent_port.recv()
    try:
        while True:
            port.post_message(("answer", port.recv()))
    except EOFError:
        current().parent_port.post_message("closed")


def question_port() -> None:
    """Asks a question at the port that it is sent, and tells what comes from there."""
    port = current().parent_port.recv()
    first = port.recv(60)
    port.post_message("question")
    current().parent_port.post_message([first, port.recv(60)])


def send_back() -> None:
    """Sends back the port that it was sent, as it is, and waits."""
    parent = current().parent_port
    port = parent.recv()
    parent.post_message(port, transfer=[port])
    parent.recv()


def echo_port() -> None:
    """Sends back the ports that it is sent, as they are."""
    parent = current().parent_port
    while True:
        port = parent.recv()
        parent.post_message(port, transfer=[port])


def make_channel() -> None:
    """Makes a channel, sends one of its ports and answers at the other."""
    channel = MessageChannel()
    channel.port1.post_message("queued")
    current().parent_port.post_message(channel.port2, transfer=[channel.port2])
    channel.port1.post_message(("answer", channel.port1.recv()))
    current().parent_port.recv()


def pass_on() -> None:
    """Passes the port that it is sent on to a worker of its own."""
    with Worker(answer_port, runtime="process") as worker:
        port = current().parent_port.recv()
        worker.post_message(port, transfer=[port])
        current().parent_port.post_message(worker.recv(60))


def hear() -> None:
    """Tells what it hears, and says something itself."""
    port = current().parent_port
    with BroadcastChannel("news") as news:
        port.post_message("ready")
        while isinstance(message := news.recv(60), tuple):
            pass  # what another one, who was told before, has said since
        port.post_message(message)
        news.post_message(("from", current().name))
        port.recv()


def hear_below() -> None:
    """The same, in a worker of its own."""
    with Worker(hear, runtime="process", name="below") as worker:
        current().parent_port.post_message(worker.recv(60))
        current().parent_port.post_message(worker.recv(60))
        current().parent_port.recv()
