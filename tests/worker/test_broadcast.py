"""BroadcastChannel: all of a name hear each other."""

import itertools

import pytest

from threadpool.worker import BroadcastChannel, Worker
from threadpool.worker.messages.relay import relay

from .conftest import TIMEOUT, Log

numbers = itertools.count()


def new_name():
    return f"name {next(numbers)}"


def test_all_others_of_the_name_hear_it():
    log = Log()
    name = new_name()
    with BroadcastChannel(name) as one, BroadcastChannel(name) as two, BroadcastChannel(name + "!") as other:
        log.listen(two)
        one.post_message(1)
        log.wait_for(("message", 1))
        assert one.receive_message() is other.receive_message() is None
        two.post_message(2)
        assert one.recv(TIMEOUT) == 2
    assert log.wait_for("close") == [("message", 1), "close"]
    assert repr(one) == f"<BroadcastChannel {name!r} closed>"
    assert one.name == name


def test_workers_hear_it():
    name = new_name()

    def script():
        from threadpool.worker import parent_port, worker_data

        with BroadcastChannel(worker_data) as channel:
            parent_port.post_message("open")
            parent_port.post_message(channel.recv(TIMEOUT))

    workers = [Worker(script, data=name) for _ in range(4)]
    assert {worker.recv(TIMEOUT) for worker in workers} == {"open"}
    with BroadcastChannel(name) as channel:
        channel.post_message("all")
    assert {worker.recv(TIMEOUT) for worker in workers} == {"all"}
    assert {worker.join(TIMEOUT) for worker in workers} == {0}


def test_copies_are_made_before_any_is_sent():
    name = new_name()

    class OnlyOnce:
        copies = 0

        def __deepcopy__(self, memo):
            OnlyOnce.copies += 1
            if OnlyOnce.copies == 2:
                raise KeyError("copied twice")
            return "copy"

    with BroadcastChannel(name) as one, BroadcastChannel(name) as two, BroadcastChannel(name) as three:
        with pytest.raises(KeyError):
            one.post_message(OnlyOnce(), copy=True)
        assert two.receive_message() is three.receive_message() is None
        value = [1]
        one.post_message(value, copy=True)
        assert two.recv() == three.recv() == [1]
        one.post_message(value)
        assert two.recv() is three.recv() is value


@pytest.mark.thread_unsafe(reason="replaces a method of what is everybody's")
def test_a_finalizer_closes_one_while_another_is_made(monkeypatch):
    name = new_name()
    left = [BroadcastChannel(name)]
    set_names = relay.set_names

    def collect_garbage(names):
        if left:
            left.pop().close()
        set_names(names)

    monkeypatch.setattr(relay, "set_names", collect_garbage)
    with BroadcastChannel(name) as one, BroadcastChannel(name) as other:
        one.post_message(1)
        assert other.recv(TIMEOUT) == 1


def test_closed_and_bad_input():
    name = new_name()
    channel = BroadcastChannel(name)
    channel.close()
    channel.close()
    with pytest.raises(RuntimeError, match="is closed"):
        channel.post_message(1)
    with pytest.raises(EOFError, match="the BroadcastChannel is closed"):
        channel.recv()
    with pytest.raises(TypeError, match="name must be a str, not 'int'"):
        BroadcastChannel(5)
