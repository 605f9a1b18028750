"""The queue of objects: order, ends, announcements, references."""

import sys
import threading
import weakref

import pytest

from threadpool.worker.messages._queue import EMPTY, ENDED, Queue


class Announcing(Queue):
    def __init__(self):
        self.announced = 0

    def announce(self):
        self.announced += 1


def test_first_in_first_out():
    queue = Queue()
    for i in range(1000):
        assert queue.put(i)
    assert len(queue) == 1000
    assert [queue.take() for _ in range(1000)] == list(range(1000))
    assert queue.take() is EMPTY


def test_nothing_is_put_in_after_the_end():
    queue = Queue()
    queue.put(1)
    queue.end()
    assert queue.is_ended
    assert not queue.put(2)
    assert queue.get() == 1
    assert queue.get() is ENDED
    assert queue.get(0) is ENDED


def test_timeouts():
    queue = Queue()
    assert queue.get(0) is EMPTY
    assert queue.get(-1) is EMPTY
    assert queue.get(0.001) is EMPTY
    with pytest.raises(ValueError, match="timeout"):
        queue.get(float("nan"))
    with pytest.raises(TypeError, match="timeout"):
        queue.get("1")


def test_an_armed_queue_announces_once():
    queue = Announcing()
    assert queue.arm()
    queue.put(1)
    queue.put(2)
    assert queue.announced == 1
    assert not queue.arm()
    queue.take(), queue.take()
    assert queue.arm()
    queue.end()
    assert queue.announced == 2


def test_an_announcement_that_raises_has_put_the_message_in():
    class Failing(Queue):
        def announce(self):
            raise KeyError("announce")

    queue = Failing()
    queue.arm()
    with pytest.raises(KeyError):
        queue.put("here")
    assert queue.take() == "here"


def test_what_is_in_it_is_freed_with_it():
    class Thing:
        pass

    queue, thing = Queue(), Thing()
    reference, count = weakref.ref(thing), sys.getrefcount(thing)
    queue.put(thing)
    assert queue.take() is thing
    assert sys.getrefcount(thing) == count
    queue.put(thing)
    del thing
    assert reference() is not None
    del queue
    assert reference() is None


@pytest.mark.parametrize("takers", [1, 3])
def test_many_threads_lose_none_and_keep_each_senders_order(in_threads, takers):
    queue, senders, each = Queue(), 3, 3000
    taken = [[] for _ in range(takers)]
    numbers = iter(range(senders + takers))
    lock = threading.Lock()
    left = [senders]

    def work():
        with lock:
            number = next(numbers)
        if number < senders:
            for i in range(each):
                queue.put((number, i))
            with lock:
                left[0] -= 1
                if left[0] == 0:
                    queue.end()
        else:
            while (message := queue.get(60)) is not ENDED:
                taken[number - senders].append(message)

    in_threads(work, senders + takers)
    for messages in taken:
        for sender in range(senders):
            of_sender = [i for number, i in messages if number == sender]
            assert of_sender == sorted(of_sender)
    everything = [message for messages in taken for message in messages]
    assert sorted(everything) == [(number, i) for number in range(senders) for i in range(each)]
