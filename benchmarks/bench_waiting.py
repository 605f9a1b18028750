"""Two threads that wake one another in turn, and an event loop with many that wait."""

import asyncio
import queue
import threading

import numpy

from threadpool import Atomics

ROUNDS = 2_000
WAITERS = 10_000


def in_two_threads(play):
    """play(side) is called by two threads, with 0 and 1."""
    other = threading.Thread(target=play, args=(1,))
    other.start()
    play(0)
    other.join()


def by_atomics():
    cells = numpy.zeros(1, "int32")
    load, store, wait, notify = Atomics.load, Atomics.store, Atomics.wait, Atomics.notify

    def play(side):
        for number in range(side, 2 * ROUNDS, 2):
            while (now := load(cells, 0)) != number:
                wait(cells, 0, now)
            store(cells, 0, number + 1)
            notify(cells, 0, 1)

    in_two_threads(play)


def by_condition():
    condition, turn = threading.Condition(), [0]

    def play(side):
        for number in range(side, 2 * ROUNDS, 2):
            with condition:
                while turn[0] != number:
                    condition.wait()
                turn[0] = number + 1
                condition.notify()

    in_two_threads(play)


def by_queues():
    queues = queue.SimpleQueue(), queue.SimpleQueue()

    def play(side):
        for number in range(ROUNDS):
            if side or number:
                queues[side].get()
            queues[not side].put(number)

    in_two_threads(play)


def test_ping_pong(compare, contender):
    compare(
        contender(by_atomics, 2 * ROUNDS),
        {"condition": 0.5, "simple_queue": 0.5},
        bars_with_gil={"condition": 0.5, "simple_queue": 0.5},
        condition=contender(by_condition, 2 * ROUNDS),
        simple_queue=contender(by_queues, 2 * ROUNDS),
    )


def test_ten_thousand_wait_in_one_loop(compare, contender, figure):
    """From the notification until the last has ended; beside as many that wait for an asyncio.Event."""
    cells = numpy.zeros(1, "int32")

    async def by_atomics():
        waiting = [asyncio.create_task(Atomics.wait_async(cells, 0, 0)) for _ in range(WAITERS)]
        await asyncio.sleep(0)
        started = asyncio.get_running_loop().time()
        Atomics.notify(cells, 0)
        await asyncio.gather(*waiting)
        times.append(asyncio.get_running_loop().time() - started)

    async def by_event():
        event = asyncio.Event()
        waiting = [asyncio.create_task(event.wait()) for _ in range(WAITERS)]
        await asyncio.sleep(0)
        event.set()
        await asyncio.gather(*waiting)

    times = []
    compare(
        contender(lambda: asyncio.run(by_atomics()), WAITERS),
        {},
        asyncio_event=contender(lambda: asyncio.run(by_event()), WAITERS),
    )
    figure("until all are woken", f"{sorted(times)[len(times) // 2] * 1e3:.1f} ms", "under 100 ms")
