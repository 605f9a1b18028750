"""Ports that go to a process, and from it, and on, and back: nothing is lost, and all stays in order."""

import gc
import os
import signal
import threading
import time

import pytest
from process_programs import answer_port, echo, echo_port, make_channel, pass_on, question_port, send_back

from threadpool.worker import MessageChannel, MessagePort, Worker
from threadpool.worker.messages._inbox import Inbox
from threadpool.worker.process.channel import Channel


def take(port, n):
    return [port.recv(30) for _ in range(n)]


def test_a_port_goes_to_a_process():
    channel = MessageChannel()
    with Worker(answer_port, runtime="process") as worker:
        for i in range(500):
            channel.port2.post_message(i)
        worker.post_message(channel.port1, transfer=[channel.port1])
        assert repr(channel.port1) == "<MessagePort transferred>"
        for i in range(500, 1000):
            channel.port2.post_message(i)
        assert take(channel.port2, 1000) == [("answer", i) for i in range(1000)]
        with pytest.raises(TypeError, match="cannot be pickled"):
            channel.port2.post_message(lambda: 0)
        channel.port2.post_message("last")
        channel.port2.close()
        assert worker.recv(30) == "closed"
        assert worker.join(30) == 0


def test_a_port_goes_while_others_send():
    channel = MessageChannel()
    go, n = threading.Barrier(3), 2000

    def send(sender):
        go.wait(30)
        for i in range(n):
            channel.port2.post_message((sender, i))

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(2)]
    for thread in threads:
        thread.start()
    with Worker(answer_port, runtime="process") as worker:
        go.wait(30)
        worker.post_message(channel.port1, transfer=[channel.port1])
        answers = [answer for _, answer in take(channel.port2, 2 * n)]
    for thread in threads:
        thread.join(30)
    for sender in range(2):
        assert [i for who, i in answers if who == sender] == list(range(n))


def test_a_port_comes_back_while_others_send_and_outlives_the_process():
    channel = MessageChannel()
    n = 3000
    is_back = threading.Event()

    def send():
        for i in range(n):
            channel.port2.post_message(i)
        is_back.wait(30)
        for i in range(n, 2 * n):
            channel.port2.post_message(i)

    with Worker(send_back, runtime="process") as worker:
        worker.post_message(channel.port1, transfer=[channel.port1])
        thread = threading.Thread(target=send)
        thread.start()
        port = worker.recv(30)
        is_back.set()
        worker.post_message("end")
        assert worker.join(30) == 0
    assert take(port, 2 * n) == list(range(2 * n))
    thread.join(30)
    port.post_message("the other way")
    assert channel.port2.recv(30) == "the other way"
    port.close()
    with pytest.raises(EOFError):
        channel.port2.recv(30)


def test_a_port_that_comes_and_goes():
    """Often it is back before whoever has sent it goes on."""
    channel = MessageChannel()
    port = channel.port1
    with Worker(echo_port, runtime="process") as worker:
        for number in range(200):
            worker.post_message(port, transfer=[port])
            port = worker.recv(30)
            channel.port2.post_message(number)
            assert port.recv(30) == number
            if number == 99:
                halfway = count_inboxes()
        # Of the way nothing is left; the reactor may be about to drop the last of it.
        while count_inboxes() >= halfway + 50:
            time.sleep(0.01)


def count_inboxes():
    gc.collect()
    # Not isinstance, which asks a weak proxy for the class of what may be gone.
    return sum(type(each) is Inbox for each in gc.get_objects())


def test_a_closed_channel_comes_back():
    channel = MessageChannel()
    with Worker(send_back, runtime="process") as worker:
        worker.post_message(channel.port1, transfer=[channel.port1])
        channel.port2.post_message("queued")
        channel.port2.close()
        port = worker.recv(30)
        assert port.recv(30) == "queued"
        with pytest.raises(EOFError):
            port.recv(30)


def test_a_process_makes_a_channel_and_a_thread_gets_an_end():
    with Worker(make_channel, runtime="process") as worker:
        port = worker.recv(30)
        assert port.recv(30) == "queued"
        port.post_message("question")
        assert port.recv(30) == ("answer", "question")


def test_between_two_processes():
    with Worker(make_channel, runtime="process") as one, Worker(question_port, runtime="process") as other:
        port = one.recv(30)
        other.post_message(port, transfer=[port])
        assert other.recv(30) == ["queued", ("answer", "question")]
        one.post_message("end")
        assert (one.join(30), other.join(30)) == (0, 0)


def test_through_two_processes():
    channel = MessageChannel()
    with Worker(pass_on, runtime="process") as worker:
        worker.post_message(channel.port1, transfer=[channel.port1])
        for i in range(100):
            channel.port2.post_message(i)
        assert take(channel.port2, 100) == [("answer", i) for i in range(100)]
        channel.port2.close()
        assert worker.recv(30) == "closed"
        assert worker.join(30) == 0


def test_both_ends_go_to_one_process():
    channel = MessageChannel()
    source = """
from threadpool.worker import parent_port
one, other = parent_port.recv()
one.post_message("over")
parent_port.post_message((other.recv(30), other.recv(30)))
"""
    with Worker(source, eval=True, runtime="process") as worker:
        channel.port1.post_message("before")
        worker.post_message([channel.port1, channel.port2], transfer=[channel.port1, channel.port2])
        assert worker.recv(30) == ("before", "over")


@pytest.mark.parametrize("how", ["end", "kill"])
def test_the_end_of_a_process_closes_its_ports(how):
    channel, other = MessageChannel(), MessageChannel()
    closed = threading.Event()
    other.port2.on("close", closed.set)
    source = """
from threadpool.worker import parent_port
one, other = parent_port.recv()
one.post_message("listening")
one.recv()
"""
    with Worker(source, eval=True, runtime="process") as worker:
        worker.post_message([channel.port1, other.port1], transfer=[channel.port1, other.port1])
        assert channel.port2.recv(30) == "listening"
        worker.on("error", lambda error: None)
        if how == "kill":
            os.kill(worker.pid, signal.SIGKILL)
        else:
            worker.terminate()
        with pytest.raises(EOFError):
            while True:
                channel.port2.recv(30)
        assert closed.wait(30)
        channel.port2.post_message("ignored")


def test_a_failed_transfer_moves_nothing():
    channel = MessageChannel()
    heard = threading.Event()
    channel.port1.once("message", lambda message: heard.set())
    with Worker(echo, runtime="process") as worker:
        with pytest.raises(TypeError, match="cannot be pickled"):
            worker.post_message([channel.port1, lambda: 0], transfer=[channel.port1])
        channel.port2.post_message("still here")
        assert heard.wait(30)
        with pytest.raises(TypeError, match=r"it goes to its new owner by transfer=\[port\]"):
            worker.post_message(channel.port1)
        worker.post_message(None)
        assert worker.join(30) == 0


def test_what_was_queued_and_cannot_be_pickled_is_a_messageerror():
    channel = MessageChannel()
    source = """
from threadpool.worker import parent_port
port = parent_port.recv()
port.on("message", lambda message: port.post_message(message[0].recv(30) if isinstance(message, list) else message))
port.on("messageerror", lambda error: port.post_message(str(error)))
"""
    inner = MessageChannel()
    for value in (1, lambda: 0, 2):
        channel.port2.post_message(value)
    channel.port2.post_message([inner.port1], transfer=[inner.port1])
    with Worker(source, eval=True, runtime="process") as worker:
        worker.post_message(channel.port1, transfer=[channel.port1])
        first, second, third = take(channel.port2, 3)
        assert (first, third) == (1, 2)
        assert "cannot be pickled" in second
        inner.port2.post_message("into the port in the message")
        assert channel.port2.recv(30) == "into the port in the message"


class TransferringPeer:
    """The other end of a port that goes to a process in the midst of its end."""

    def __init__(self, worker):
        self.worker = worker
        self.was_told = False

    def put(self, message):
        return False

    def hang_up(self):
        if not self.was_told:
            self.was_told = True
            self.worker.post_message(self.port, transfer=[self.port])


def test_one_that_goes_away_while_it_is_closed_arrives_closed():
    source = """
from threadpool.worker import parent_port
port = parent_port.recv()
try:
    parent_port.post_message(port.recv(30))
except Exception as error:
    parent_port.post_message(type(error).__name__)
"""
    with Worker(source, eval=True, runtime="process") as worker:
        peer = TransferringPeer(worker)
        port = peer.port = MessagePort._of(Inbox(), peer)
        port.close()
        assert worker.recv(30) == "EOFError"


@pytest.mark.thread_unsafe(reason="replaces methods")
def test_one_that_goes_back_while_it_is_closed_arrives_closed(monkeypatch):
    """The other process hears of the end before the port comes."""
    source = """
from threadpool.worker import MessageChannel, parent_port
channel = MessageChannel()
parent_port.post_message(channel.port1, [channel.port1])
port = parent_port.recv()
try:
    parent_port.post_message(port.recv(30))
except Exception as error:
    parent_port.post_message(type(error).__name__)
"""
    is_closing, may_close = threading.Event(), threading.Event()
    hang_up, leave = Channel.hang_up, Channel.leave

    def hang_up_late(channel):
        is_closing.set()
        assert may_close.wait(30)
        hang_up(channel)

    def leave_early(channel, link):
        number = leave(channel, link)
        may_close.set()
        closing.join(30)
        return number

    with Worker(source, eval=True, runtime="process") as worker:
        port = worker.recv(30)
        with monkeypatch.context() as patch:
            patch.setattr(Channel, "hang_up", hang_up_late)
            patch.setattr(Channel, "leave", leave_early)
            closing = threading.Thread(target=port.close)
            closing.start()
            assert is_closing.wait(30)
            worker.post_message(port, transfer=[port])
            may_close.set()
            closing.join(30)
        assert worker.recv(30) == "EOFError"
        assert worker.join(30) == 0
