"""What changes its owner with a message: all of it, or nothing."""

import ctypes
import functools
import gc
import itertools
import threading
import time
import weakref

import pytest

from threadpool import SharedBuffer
from threadpool.worker import MessageChannel, MessagePort, Worker, current
from threadpool.worker import thread as thread_runtime
from threadpool.worker.messages import passing
from threadpool.worker.messages._inbox import Inbox

from .conftest import TIMEOUT, Log, new_ports


def test_a_port_with_what_it_was_sent():
    one, two = new_ports()
    inner = MessageChannel()
    inner.port2.post_message("before")
    one.post_message({"port": inner.port1}, [inner.port1])
    inner.port2.post_message("after")
    moved = two.recv()["port"]
    assert moved is not inner.port1
    assert [moved.recv(), moved.recv()] == ["before", "after"]
    moved.post_message("back")
    assert inner.port2.recv() == "back"


def test_the_old_handle_says_so():
    one, two = new_ports()
    inner = MessageChannel()
    port = inner.port1
    one.post_message(port, [port])
    assert repr(port) == "<MessagePort transferred>"
    for call in (
        lambda: port.post_message(1),
        port.recv,
        port.receive_message,
        port.close,
        lambda: port.on("message", print),
        lambda: one.post_message(port, [port]),
    ):
        with pytest.raises(RuntimeError, match="was transferred"):
            call()
    two.recv().close()
    with pytest.raises(EOFError):
        inner.port2.recv()


def test_a_shared_buffer():
    one, two = new_ports()
    buffer = SharedBuffer(16)
    buffer.view("int64")[1] = 7
    one.post_message((1, [buffer]), [buffer])
    with pytest.raises(ValueError, match="transferred"):
        buffer.view("int64")
    moved = two.recv()[1][0]
    assert moved.view("int64").tolist() == [0, 7]


def test_listeners_stay_behind():
    log = Log()
    one, two = new_ports()
    inner = MessageChannel()
    inner.port1.on("message", lambda message: log("old", message))
    one.post_message(inner.port1, [inner.port1])
    moved = two.recv()
    inner.port2.post_message(1)
    moved.on("message", lambda message: log("new", message))
    assert log.wait(len) == [("new", 1)]


BAD = ("view", "closed buffer", "transferred port", "twice", "kind", "itself")


# Of a copy it is not known what it has left out.
@pytest.mark.parametrize(("bad", "copy"), [*itertools.product(BAD, [False, True]), ("absent", False)])
@pytest.mark.parametrize("position", range(3))
def test_a_failure_at_any_place_moves_nothing(position, bad, copy):
    log = Log()
    one, two = new_ports()
    inner, buffer = MessageChannel(), SharedBuffer(8)
    inner.port1.on("message", log)
    good = [inner.port1, buffer]
    kept = None
    if bad == "view":
        culprit = SharedBuffer(8)
        kept = culprit.view("uint8")
    elif bad == "closed buffer":
        culprit = SharedBuffer(8, process=True)
        culprit.close()
    elif bad == "transferred port":
        culprit = MessageChannel().port1
        other = MessageChannel()
        other.port1.post_message(culprit, [culprit])
    elif bad == "twice":
        culprit = buffer
    elif bad == "kind":
        culprit = 5
    elif bad == "itself":
        culprit = two
    else:
        culprit = MessageChannel().port1
    transfer = [*good[:position], culprit, *good[position:]]
    with pytest.raises((ValueError, TypeError, RuntimeError, BufferError), match=r"transfer|views|closed"):
        one.post_message(good if bad == "absent" else transfer, transfer, copy=copy)
    assert two.receive_message() is None
    inner.port2.post_message("still heard")
    log.wait_for("still heard")
    buffer.view("uint8")[0] = 1
    if bad == "absent":
        culprit.close()
    del kept


@pytest.mark.thread_unsafe(reason="replaces a function")
@pytest.mark.parametrize("position", range(2))
@pytest.mark.parametrize("is_moved", [False, True])
def test_an_interruption_moves_nothing(monkeypatch, position, is_moved):
    """The end of a worker, or a signal, comes before or after something is moved."""
    one, two = new_ports()
    inner, buffer = MessageChannel(), SharedBuffer(8)
    things = [inner.port1, buffer]
    move, interruptions = passing._move, [KeyboardInterrupt]

    def interrupted(source, target):
        is_now = source is things[position] and interruptions
        if is_moved or not is_now:
            move(source, target)
        if is_now:
            raise interruptions.pop()

    monkeypatch.setattr(passing, "_move", interrupted)
    with pytest.raises(KeyboardInterrupt):
        one.post_message(things, things)
    assert two.receive_message() is None
    inner.port2.post_message("still here")
    assert inner.port1.recv(TIMEOUT) == "still here"
    assert buffer.nbytes == 8


def test_an_interruption_after_the_message_was_sent_moves_nothing_back():
    class InterruptingInbox(Inbox):
        """As an exception of a signal handler, or of the end of a worker, is raised by the next step of Python code."""

    inbox = InterruptingInbox()
    one, two = MessagePort._of(Inbox(), inbox), MessagePort._of(inbox, Inbox())
    inner = MessageChannel()
    inner.port1.on("message", print)
    ident, error = ctypes.c_ulong(threading.get_ident()), ctypes.py_object(KeyboardInterrupt)
    inbox.announce = functools.partial(ctypes.pythonapi.PyThreadState_SetAsyncExc, ident, error)
    assert inbox.arm()
    with pytest.raises(KeyboardInterrupt):
        one.post_message([inner.port1], [inner.port1])
    assert not inner.port1._listeners["message"]
    with pytest.raises(RuntimeError, match="was transferred"):
        inner.port1.receive_message()
    moved = two.receive_message().value[0]
    inner.port2.post_message("to the new owner")
    assert moved.recv(TIMEOUT) == "to the new owner"


@pytest.mark.thread_unsafe(reason="replaces a function")
@pytest.mark.parametrize("has_started", [False, True])
def test_an_interruption_while_a_worker_starts(monkeypatch, has_started):
    """By a signal handler: the worker has what it was given and ends, or it never starts and all is as before."""
    make, begun = thread_runtime.daemon, threading.Event()

    def script():
        begun.set()
        current().parent_port.recv()

    class InterruptedThread:
        def __init__(self, *arguments):
            self._thread = make(*arguments)

        def start(self):
            if has_started:
                self._thread.start()
                assert begun.wait(TIMEOUT)
            raise KeyboardInterrupt

    inner = MessageChannel()
    children = current().children.copy()
    with monkeypatch.context() as patch:
        patch.setattr(thread_runtime, "daemon", InterruptedThread)
        with pytest.raises(KeyboardInterrupt):
            Worker(script, data=inner.port1, transfer=[inner.port1])
    if has_started:
        with pytest.raises(EOFError):
            inner.port2.recv(TIMEOUT)
    else:
        inner.port2.post_message("still here")
        assert inner.port1.recv(TIMEOUT) == "still here"
    for child in current().children - children:
        assert has_started
        assert child.join(TIMEOUT) == 1


def test_worker_data():
    inner, buffer = MessageChannel(), SharedBuffer(8)

    def script():
        from threadpool.worker import worker_data

        port, memory = worker_data
        port.post_message(len(memory))

    worker = Worker(script, data=(inner.port1, buffer), transfer=[inner.port1, buffer])
    assert inner.port2.recv(TIMEOUT) == 8
    assert worker.join(TIMEOUT) == 0
    with pytest.raises(ValueError, match="transferred"):
        buffer.view("uint8")


@pytest.mark.thread_unsafe(reason="replaces a method")
def test_a_worker_that_cannot_start_moves_nothing(monkeypatch):
    log = Log()

    def fail(self):
        raise RuntimeError("can't start new thread")

    inner, buffer = MessageChannel(), SharedBuffer(8)
    inner.port1.on("message", log)
    monkeypatch.setattr("threadpool.worker.thread.ThreadRuntime.start", fail)
    with pytest.raises(RuntimeError, match="can't start"):
        Worker(print, data=[inner.port1, buffer], transfer=[inner.port1, buffer])
    inner.port2.post_message(1)
    log.wait_for(1)
    buffer.view("uint8")


def test_loops_in_messages():
    one, two = new_ports()
    inner = MessageChannel()
    value = {"port": inner.port1, "rest": {1, 2}}
    value["self"] = [value, (value,)]
    one.post_message(value, [inner.port1])
    got = two.recv()
    assert got["self"][0] is got
    assert got["self"][1][0] is got
    assert "open" in repr(got["port"])


def test_the_new_owner_hears_that_it_was_closed():
    log, carrier = Log(), new_ports()
    one, two = new_ports()
    two.on("message", log)
    one.close()
    while not two._open().is_ended or two._listeners["message"]:  # until the listener is done with
        time.sleep(0)
    carrier[0].post_message(two, [two])
    carrier[1].recv(TIMEOUT).on("close", lambda: log("close"))
    log.wait_for("close")


def test_a_port_that_does_not_arrive_is_closed():
    carrier = new_ports()
    carrier[1].close()
    one, two = new_ports()
    carrier[0].post_message([two], [two])
    with pytest.raises(EOFError):
        one.recv(TIMEOUT)


def test_what_a_port_leaves_behind_on_its_way_does_not_add_up():
    first = Inbox()
    steps = [first, *(Inbox() for _ in range(50))]
    left = [weakref.ref(step) for step in steps]
    for number, (step, following) in enumerate(itertools.pairwise(steps)):
        step.put(number)
        step.redirect(following)
    last = steps[-1]
    del steps, step, following
    gc.collect()
    assert [each() for each in left if each() is not None] == [first, last]
    first.put("over")
    assert [last.take() for _ in range(len(last))] == [*range(50), "over"]


def test_what_leads_elsewhere_than_to_an_inbox_is_not_left_out():
    class Elsewhere:
        def __init__(self):
            self.got = []

        def put(self, message):
            self.got.append(message)
            return True

    first, second, third, fourth = (Inbox() for _ in range(4))
    elsewhere = Elsewhere()
    first.redirect(second)
    second.redirect(third)
    third.redirect(elsewhere)
    first.put(1)
    assert elsewhere.got == [1]
    third.redirect(fourth)
    first.put(2)
    assert (elsewhere.got, fourth.take()) == ([1], 2)


def test_a_listener_may_close_the_port_when_it_is_let_go_of():
    """By its finalizer, in the midst of the transfer."""
    one, two = new_ports()
    carrier, far = new_ports()
    found = []

    class Holder:
        def listen(self, message):
            pass

        def __del__(self):
            try:
                one.close()
            except RuntimeError as error:
                found.append(str(error))

    one.on("message", Holder().listen)
    worker = Worker(lambda: carrier.post_message(one, [one]))
    assert worker.join(TIMEOUT) == 0
    two.post_message("goes on")
    assert far.recv(TIMEOUT).recv(TIMEOUT) == "goes on"
    gc.collect()
    assert found == ["the MessagePort was transferred, and is its new owner's"]
