"""Ports: order, waiting, ends."""

import asyncio
import gc
import queue
import threading
import weakref

import pytest

from threadpool.worker import Message, MessageChannel, MessagePort

from .conftest import TIMEOUT, Log, new_ports


def test_both_ways_by_reference():
    one, two = new_ports()
    thing = object()
    one.post_message(thing)
    two.post_message([thing])
    assert two.recv() is thing
    assert one.recv()[0] is thing


def test_receive_message_does_not_wait():
    one, two = new_ports()
    assert two.receive_message() is None
    one.post_message(None)
    assert two.receive_message() == Message(value=None)
    assert two.receive_message() is None


def test_recv_times_out():
    one, two = new_ports()
    for timeout in (0, -1, 0.001):
        with pytest.raises(TimeoutError, match="no message within"):
            two.recv(timeout)
    one.post_message(1)
    assert two.recv(0) == 1
    with pytest.raises(TypeError, match="timeout"):
        two.recv("1")


def test_recv_waits_for_another_thread():
    one, two = new_ports()
    thread = threading.Thread(target=lambda: [one.post_message(i + 1) for i in iter(lambda: one.recv(TIMEOUT), None)])
    thread.start()
    for i in range(1000):
        two.post_message(i)
        assert two.recv(TIMEOUT) == i + 1
    two.post_message(None)
    thread.join()


@pytest.mark.parametrize("closer", [0, 1])
def test_what_was_posted_before_the_close_arrives(closer):
    ports = new_ports()
    one, two = ports
    for i in range(3):
        one.post_message(i)
        two.post_message(-i)
    ports[closer].close()
    assert [two.recv() for _ in range(3)] == [0, 1, 2]
    assert [one.recv() for _ in range(3)] == [0, -1, -2]
    for port in ports:
        with pytest.raises(EOFError, match="the MessagePort is closed"):
            port.recv()
        assert port.receive_message() is None
        assert repr(port) == "<MessagePort closed>"


def test_a_post_to_a_closed_port_is_ignored():
    ports = new_ports()
    one, two = ports
    one.close()
    one.close()
    two.close()
    for port in ports:
        port.post_message("nobody")
        assert port.receive_message() is None


def test_close_wakes_who_waits(in_threads):
    ports = new_ports()
    barrier = threading.Barrier(3)

    def wait(port):
        barrier.wait(TIMEOUT)
        with pytest.raises(EOFError):
            port.recv(TIMEOUT)

    threads = [threading.Thread(target=wait, args=(port,)) for port in ports]
    for thread in threads:
        thread.start()
    barrier.wait(TIMEOUT)
    ports[0].close()
    for thread in threads:
        thread.join()


def test_context_manager_closes():
    ports = new_ports()
    with ports[0] as port:
        assert port is ports[0]
    assert "closed" in repr(ports[1])


@pytest.mark.soak
@pytest.mark.parametrize("closers", [1, 2])
def test_close_races(soak, in_threads, closers):
    """Both ends post and close at once: each gets, in order, what the other has posted before either has closed."""
    rounds = soak(300, 100_000)
    channels = [MessageChannel() for _ in range(rounds)]
    sides, start = iter(range(2)), threading.Barrier(2)

    def play():
        side, lengths = next(sides), []
        for number, channel in enumerate(channels):
            port = (channel.port1, channel.port2)[side]
            start.wait(TIMEOUT)
            for i in range(number % 7):
                port.post_message(i)
            if side < closers:
                port.close()
            received = []
            with pytest.raises(EOFError):
                while True:
                    received.append(port.recv(TIMEOUT))
            assert received == list(range(len(received)))
            lengths.append(len(received))
        return side, lengths

    lengths = dict(in_threads(play, 2))
    assert all(length <= number % 7 for each in lengths.values() for number, length in enumerate(each))
    if closers == 1:
        assert lengths[1] == [number % 7 for number in range(rounds)]


@pytest.mark.soak
@pytest.mark.parametrize("closers", [1, 2])
@pytest.mark.parametrize("is_loop", [False, True])
def test_listeners_while_a_channel_is_closed(is_loop, closers, soak):
    """One end posts and closes while the other is listened to, and perhaps closed; a hundred channels at a time."""
    given, closed = queue.SimpleQueue(), threading.Semaphore(0)

    def post_and_close():
        for port, count in iter(given.get, None):
            for i in range(count):
                port.post_message(i)
            port.close()

    def begin():
        channels = []
        for number in range(100):
            channel, heard = MessageChannel(), []
            given.put((channel.port1, number % 7))
            channel.port2.on("message", heard.append)
            channel.port2.on("close", lambda heard=heard: (heard.append("close"), closed.release()))
            if closers == 2:
                channel.port2.close()
            channels.append((channel, heard))
        return channels

    def check(channels):
        for _ in channels:
            assert closed.acquire(timeout=TIMEOUT)
        for number, (_, heard) in enumerate(channels):
            count = number % 7 if closers == 1 else len(heard) - 1
            assert heard == [*range(count), "close"]
            assert count <= number % 7

    async def in_loop():
        for _ in range(soak(5, 1000)):
            await asyncio.to_thread(check, begin())

    poster = threading.Thread(target=post_and_close)
    poster.start()
    try:
        if is_loop:
            asyncio.run(in_loop())
        else:
            for _ in range(soak(5, 1000)):
                check(begin())
    finally:
        given.put(None)
        poster.join()


def test_a_port_cannot_be_sent_through_itself():
    one, two = new_ports()
    with pytest.raises(ValueError, match="a MessagePort cannot be sent through itself"):
        one.post_message(one)
    for transfer in ([one], [two]):
        with pytest.raises(ValueError, match=r"transfer\[0\] is an end of the channel"):
            one.post_message(transfer[0], transfer)
    one.post_message("still")
    two.post_message("here")
    assert (two.recv(), one.recv()) == ("still", "here")


def test_copies():
    one, two = new_ports()
    value = {"a": [1, 2]}
    one.post_message(value, copy=True)
    copied = two.recv()
    assert copied == value
    assert copied["a"] is not value["a"]
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        one.post_message([two], copy=True)
    with pytest.raises(TypeError):
        one.post_message([threading.Lock()], copy=True)
    assert two.receive_message() is None


def test_a_port_is_made_by_a_channel():
    with pytest.raises(TypeError, match="made by MessageChannel"):
        MessagePort()


def test_recv_does_not_block_an_event_loop():
    one, two = new_ports()

    async def main():
        with pytest.raises(RuntimeError, match=r"would block the event loop .* await anext\(\.\.\.\)"):
            two.recv()
        with pytest.raises(TimeoutError):
            two.recv(0)
        one.post_message(1)
        assert two.recv() == 1

    asyncio.run(main())


def test_dropped_ports_are_freed():
    log = Log()
    references = []
    for is_listened in (False, True):
        channel = MessageChannel()
        if is_listened:
            log.listen(channel.port2)
            channel.port1.post_message(1)
            log.wait_for(("message", 1))
            channel.port1.close()
            log.wait_for("close")
        references += [weakref.ref(channel.port1), weakref.ref(channel.port2)]
        del channel
    # The delivery thread may be about to drop the last turn.
    while any(reference() for reference in references):
        gc.collect()


@pytest.mark.thread_unsafe(reason="threads that wait at one port")
def test_who_leaves_at_a_message_leaves_it_to_another():
    """Of two that wait, one runs out of time about when a message comes: the other gets it."""
    one, two = new_ports()
    for round in range(100):
        arrived, got = threading.Barrier(3), []

        def impatient(timeout=0.0001 * (round % 5), arrived=arrived, got=got):
            arrived.wait(TIMEOUT)
            try:
                got.append(two.recv(timeout))
            except TimeoutError:
                pass

        def patient(arrived=arrived, got=got):
            arrived.wait(TIMEOUT)
            got.append(two.recv(TIMEOUT))

        threads = [threading.Thread(target=each) for each in (impatient, patient)]
        for thread in threads:
            thread.start()
        arrived.wait(TIMEOUT)
        one.post_message(1)
        threads[0].join()
        one.post_message(2)
        threads[1].join()
        got += [message.value for message in iter(two.receive_message, None)]
        assert sorted(got) == [1, 2]
