"""What meets a transfer: who posts, closes or waits meanwhile."""

import asyncio
import itertools
import threading
import time

import pytest

from threadpool.worker import MessageChannel
from threadpool.worker.messages._inbox import Inbox

from .conftest import TIMEOUT, Log, new_ports


@pytest.mark.soak
@pytest.mark.thread_unsafe(reason="starts threads of its own")
def test_nothing_is_lost_while_it_is_posted_to(soak):
    """A port changes hands all the time, between those who listen, and those who take."""
    log = Log()
    count = soak(3000, 100_000)
    inner = MessageChannel()
    sender = threading.Thread(target=lambda: [inner.port2.post_message(i) for i in range(count)])
    channel, port, got = MessageChannel(), inner.port1, []
    sender.start()
    for turn in itertools.count():
        if turn % 2:
            port.on("message", got.append)
        elif (message := port.receive_message()) is not None:
            got.append(message.value)
        channel.port1.post_message(port, [port])
        port = channel.port2.recv()
        if not sender.is_alive():
            break
    sender.join()
    inner.port2.post_message("last")
    port.on("message", lambda message: (got.append(message), log(message)))
    log.wait_for("last")
    assert sorted(got[:-1]) == list(range(count))


@pytest.mark.soak
def test_it_is_transferred_while_another_thread_posts(soak):
    """What it posts before it gets to know of the transfer arrives."""
    for _ in range(soak(20, 2000)):
        carrier, (one, two), posted, first = new_ports(), new_ports(), [], threading.Event()

        def post(one=one, posted=posted, first=first):
            with pytest.raises(RuntimeError, match="was transferred"):
                for i in itertools.count():
                    one.post_message(i)
                    posted.append(i)
                    first.set()

        thread = threading.Thread(target=post)
        thread.start()
        assert first.wait(TIMEOUT)
        carrier[0].post_message(one, [one])
        moved = carrier[1].recv(TIMEOUT)
        thread.join()
        moved.close()
        got = [message.value for message in iter(two.receive_message, None)]
        assert got == posted


def test_the_end_of_a_channel_reaches_who_has_taken_it_over(soak):
    """It is closed at one end while what arrives at the other is led elsewhere."""
    for _ in range(soak(100, 10_000)):
        one, two = new_ports()
        _, target = new_ports()
        both = threading.Barrier(2)
        thread = threading.Thread(target=lambda port=one, both=both: (both.wait(TIMEOUT), port.close()))
        thread.start()
        both.wait(TIMEOUT)
        two._open().redirect(target._open())
        thread.join()
        assert target._open().is_ended


@pytest.mark.thread_unsafe(reason="starts threads of its own")
def test_order_while_what_was_left_behind_is_left_out(soak):
    """Two senders, and a chain that grows at its end, and of which the beginning is left out."""
    count = soak(2000, 200_000)
    first = last = Inbox()
    both = threading.Barrier(3)

    def send(sender):
        both.wait(TIMEOUT)
        for i in range(count):
            first.put((sender, i))

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(2)]
    for thread in threads:
        thread.start()
    both.wait(TIMEOUT)
    while any(thread.is_alive() for thread in threads):
        following, beyond = Inbox(), Inbox()
        last.redirect(following)
        following.redirect(beyond)
        last = beyond
    got = [last.take() for _ in range(len(last))]
    assert len(got) == 2 * count
    for sender in range(2):
        assert [i for who, i in got if who == sender] == list(range(count))


def test_one_that_is_closed_while_it_is_transferred(soak):
    """The transfer is first, and the port is open at its new owner; or the end, and both ends hear of it."""
    for _ in range(soak(300, 30_000)):
        one, two = new_ports()
        carrier, far = new_ports()
        both = threading.Barrier(2)
        refusals = []

        def close(port=one, both=both, refusals=refusals):
            both.wait(TIMEOUT)
            try:
                port.close()
            except RuntimeError as refusal:
                refusals.append(refusal)

        thread = threading.Thread(target=close)
        thread.start()
        both.wait(TIMEOUT)
        carrier.post_message(one, [one])
        thread.join(TIMEOUT)
        moved = far.recv(TIMEOUT)
        for here, there in ((moved, two), (two, moved)):
            here.post_message("open")
            if refusals:
                assert there.recv(TIMEOUT) == "open"
            else:
                with pytest.raises(EOFError):
                    there.recv(TIMEOUT)


def test_who_waits_there_while_it_is_transferred_takes_nothing(soak):
    for number in range(soak(100, 10_000)):
        one, two = new_ports()
        carrier, far = new_ports()
        both = threading.Barrier(2)
        outcomes = []

        def wait(port=one, both=both, outcomes=outcomes):
            both.wait(TIMEOUT)
            try:
                outcomes.append(port.recv(TIMEOUT))
            except RuntimeError as error:
                outcomes.append(str(error))

        thread = threading.Thread(target=wait)
        thread.start()
        both.wait(TIMEOUT)
        if number % 2:
            time.sleep(0)
        carrier.post_message(one, [one])
        moved = far.recv(TIMEOUT)
        two.post_message(number)
        assert moved.recv(TIMEOUT) == number
        thread.join(TIMEOUT)
        assert outcomes == ["the MessagePort was transferred, and is its new owner's"]


def test_who_waits_there_on_an_event_loop_takes_nothing():
    one, two = new_ports()
    carrier, far = new_ports()

    async def iterate():
        return [message async for message in one]

    async def main():
        waiting = [asyncio.create_task(iterate()), asyncio.create_task(anext(one))]
        await asyncio.sleep(0)
        await asyncio.to_thread(carrier.post_message, one, [one])
        two.post_message("for the new owner")
        async with asyncio.timeout(TIMEOUT):
            return await asyncio.gather(*waiting, return_exceptions=True)

    for error in asyncio.run(main()):
        assert isinstance(error, RuntimeError), error
        assert "was transferred" in str(error)
    assert far.recv(TIMEOUT).recv(TIMEOUT) == "for the new owner"
