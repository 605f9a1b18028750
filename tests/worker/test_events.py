"""Listeners: where they are called, in which order, and what becomes of them."""

import threading
import time

import pytest

from threadpool.worker import BroadcastChannel, MessageChannel, Worker, parent_port
from threadpool.worker.messages._inbox import Packed
from threadpool.worker.messages.homes import delivery

from .conftest import TIMEOUT, Log, new_ports


def test_messages_and_then_the_end_in_order_on_one_thread():
    log = Log()
    one, two = new_ports()
    threads = set()
    two.on("message", lambda message: (threads.add(threading.current_thread().name), log(message)))
    two.on("close", lambda: log("close"))
    for i in range(1000):
        one.post_message(i)
    one.close()
    assert log.wait_for("close") == [*range(1000), "close"]
    assert threads == {"threadpool-delivery"}


def test_both_ends_see_the_close():
    ports = new_ports()
    log = Log()
    for name, port in zip("ab", ports, strict=True):
        port.on("close", lambda name=name: log(name))
    ports[0].close()
    ports[1].close()
    assert sorted(log.wait(lambda entries: len(entries) == 2)) == ["a", "b"]


def test_a_close_that_nobody_has_heard_is_told_later():
    log = Log()
    one, two = new_ports()
    one.post_message(1)
    one.close()
    two.on("message", log)
    log.wait_for(1)
    two.on("close", lambda: log("close"))
    log.wait_for("close")
    one.on("close", lambda: log("other"))
    assert log.wait_for("other") == [1, "close", "other"]


def test_close_inside_a_handler_keeps_what_is_queued():
    log = Log()
    one, two = new_ports()
    for i in range(200):
        one.post_message(i)
    two.on("close", lambda: log("close"))
    two.on("message", lambda message: (log(message), two.close()))
    assert log.wait_for("close") == [*range(200), "close"]


def test_once():
    log = Log()
    one, two = new_ports()
    assert two.once("message", log) is log
    one.post_message(1)
    log.wait_for(1)
    one.post_message(2)
    assert two.recv(TIMEOUT) == 2
    two.once("message", log)
    one.post_message(3)
    assert log.wait_for(3) == [1, 3]


def test_off_removes_the_last_of_equal_ones():
    log = Log()
    one, two = new_ports()
    two.on("message", log)
    two.on("message", log)
    two.off("message", log)
    two.off("message", print)
    one.post_message(1)
    log.wait_for(1)
    two.off("message", log)
    two.off("message", log)
    one.post_message(2)
    assert two.recv(TIMEOUT) == 2
    assert log.entries == [1]


def test_off_in_a_handler_is_from_the_next_message_on():
    log = Log()
    one, two = new_ports()

    def first(message):
        log("first", message)
        two.off("message", second)

    def second(message):
        log("second", message)

    two.on("message", first)
    two.on("message", second)
    one.post_message(1)
    one.post_message(2)
    assert log.wait_for(("first", 2)) == [("first", 1), ("second", 1), ("first", 2)]


def test_listeners_come_and_go_while_messages_are_delivered(soak):
    """Whoever listens, a message is told to somebody, in order, or stays."""
    one, two = new_ports()
    count, got, done = soak(3000, 100_000), [], threading.Event()

    def hear(message):
        got.append(message)

    sender = threading.Thread(target=lambda: ([one.post_message(i) for i in range(count)], done.set()))
    sender.start()
    while not done.is_set():
        two.on("message", hear)
        two.off("message", hear)
    sender.join()
    two.on("message", hear)
    last = threading.Event()
    two.on("message", lambda message: message == "last" and last.set())
    one.post_message("last")
    assert last.wait(TIMEOUT)
    assert got == [*range(count), "last"]


def test_a_handler_that_posts_to_itself_does_not_starve_others():
    log = Log()
    busy, other = MessageChannel(), MessageChannel()
    busy.port1.on("message", busy.port2.post_message)
    busy.port2.on("message", busy.port1.post_message)
    busy.port1.post_message(0)
    other.port2.on("message", log)
    for i in range(10):
        other.port1.post_message(i)
        log.wait_for(i)
    busy.port1.close()


def test_an_exception_in_a_handler_is_told_and_the_next_message_comes(monkeypatch):
    log = Log()
    one, two = new_ports()
    monkeypatch.setattr(threading, "excepthook", lambda told: log(told.exc_type, str(told.exc_value)))

    def handle(message):
        if message == 1:
            raise KeyError(message)
        log(message)

    two.on("message", handle)
    one.post_message(1)
    one.post_message(2)
    assert log.wait_for(2) == [(KeyError, "1"), 2]


def test_a_worker_calls_back_on_its_own_thread_after_its_script():
    log = Log()

    def script():
        from threadpool.worker import parent_port

        me = threading.current_thread()

        def answer(message):
            parent_port.post_message((message, threading.current_thread() is me, ended))
            if message == "last":
                parent_port.close()

        ended = False
        parent_port.on("message", answer)
        parent_port.post_message(("script", True, ended))
        ended = True

    worker = Worker(script)
    log.listen(worker)
    for message in (1, "last"):
        worker.post_message(message)
    assert log.wait_for(("exit", 0))[0] == "online"
    assert log.entries[1:] == [
        ("message", ("script", True, False)),
        ("message", (1, True, True)),
        ("message", ("last", True, True)),
        ("exit", 0),
    ]


@pytest.mark.thread_unsafe(reason="counts threads")
def test_no_thread_per_port():
    channels = [MessageChannel() for _ in range(100)]
    before = threading.active_count()
    done, lock, left = threading.Event(), threading.Lock(), [100]

    def hear(message):
        with lock:
            left[0] -= 1
            if not left[0]:
                done.set()

    for channel in channels:
        channel.port2.on("message", hear)
        channel.port1.post_message(1)
    assert done.wait(TIMEOUT)
    assert threading.active_count() <= before + 1


def test_context_variables_are_those_of_who_listens():
    log = Log()
    import contextvars

    variable = contextvars.ContextVar("variable", default="none")
    one, two = new_ports()
    variable.set("listener's")
    two.on("message", lambda message: log(variable.get()))
    variable.set("later")
    one.post_message(1)
    assert log.wait(len) == ["listener's"]


@pytest.mark.parametrize("make", [lambda: MessageChannel().port1, lambda: BroadcastChannel("bad input")])
def test_bad_input(make):
    port = make()
    for call in (port.on, port.once, port.off):
        with pytest.raises(ValueError, match="event must be one of 'message', 'messageerror', 'close', not 'exit'"):
            call("exit", print)
    with pytest.raises(TypeError, match="callback must be callable, not 'int'"):
        port.on("message", 1)

    async def handle(message):
        pass

    with pytest.raises(TypeError, match="callback must not be a coroutine function where no event loop is running"):
        port.on("message", handle)
    port.close()


def test_unref_lets_a_worker_end():
    def script():
        from threadpool.worker import parent_port

        parent_port.on("message", print)
        parent_port.unref()

    assert Worker(script).join(TIMEOUT) == 0


def test_what_another_home_passes_on_is_told_before_a_worker_ends():
    """Though the listeners of what has ended are removed by then, and keep it alive no more."""
    log = Log()
    told, listening = threading.Event(), threading.Event()
    first = Worker("from threadpool.worker import parent_port; parent_port.recv()", eval=True)
    first.on("exit", lambda code: log("here", code))  # so the events are delivered here

    def script():
        first.on("exit", lambda code: log("worker", code))
        listening.set()
        assert told.wait(TIMEOUT)

    worker = Worker(script)
    assert listening.wait(TIMEOUT)
    first.post_message("end")
    log.wait_for(("here", 0))
    while any(first._listeners.values()):
        time.sleep(0)
    told.set()
    assert worker.join(TIMEOUT) == 0
    assert log.entries == [("here", 0), ("worker", 0)]


def test_the_main_thread_has_no_parent():
    assert parent_port is None


def test_a_worker_is_not_kept_alive_by_one_that_has_ended():
    """Of which it has heard the end, and not taken the messages."""

    def script():
        source = "from threadpool.worker import parent_port; parent_port.post_message('not taken')"
        Worker(source, eval=True).on("exit", lambda code: None)

    assert Worker(script).join(TIMEOUT) == 0


@pytest.mark.thread_unsafe(reason="replaces what the delivery thread does")
def test_a_listener_that_cannot_be_called_is_none(monkeypatch):
    def fail(receiver):
        raise RuntimeError("can't start new thread")

    log = Log()
    one, two = new_ports()
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "keep", fail)
        with pytest.raises(RuntimeError, match="new thread"):
            two.on("message", log)
    two.on("message", lambda message: log("other", message))
    one.post_message(1)
    assert log.wait_for(("other", 1)) == [("other", 1)]


def test_who_listens_when_a_message_is_taken_gets_it():
    """Though it removes the listener while the message is unpacked."""

    class Late(Packed):
        def unpack(self):
            two.off("message", log)
            return "hello"

    log = Log()
    one, two = new_ports()
    two.on("message", log)
    one.post_message(Late())
    log.wait_for("hello")
