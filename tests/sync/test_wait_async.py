"""Atomics.wait_async: an event loop waits, and goes on meanwhile."""

import asyncio
import gc
import threading

import numpy
import pytest

from threadpool import Atomics
from threadpool.sync import _atomics
from threadpool.sync.waiting import _listeners

pytestmark = pytest.mark.thread_unsafe(reason="counts who waits at the fixture's cells; starts threads of its own")


@pytest.fixture
def cells():
    return numpy.zeros(4, "int32")


def run(function, **options):
    """asyncio.run, for functions."""
    return asyncio.run(function(), **options)


async def in_turn():
    """Everything that is ready has had its turn."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("debug", [False, True])
def test_results(dtype, debug):
    cells = numpy.zeros(4, dtype)

    async def main():
        assert await Atomics.wait_async(cells, 1, 5) == "not-equal"
        assert await Atomics.wait_async(cells, 1, 0, 0) == "timed-out"
        assert await Atomics.wait_async(cells, 1, 0, timeout=-1) == "timed-out"
        assert await Atomics.wait_async(cells, 1, 0, timeout=0.001) == "timed-out"
        assert Atomics.notify(cells, 1) == 0
        for timeout in (None, 60, float("inf")):
            waiting = asyncio.create_task(Atomics.wait_async(cells, 1, 0, timeout))
            assert Atomics.notify(cells, 1) == 1
            assert await waiting == "ok"

    run(main, debug=debug)


def test_it_takes_its_place_at_the_call(cells):
    async def main():
        waiting = Atomics.wait_async(cells, 0, 0)
        Atomics.store(cells, 0, 1)
        assert Atomics.notify(cells, 0) == 1
        assert await waiting == "ok"

    run(main)


def test_first_come_first_served(cells):
    ended = []

    async def wait(name, waiting):
        await waiting
        ended.append(name)

    async def main():
        tasks = [asyncio.create_task(wait(name, Atomics.wait_async(cells, 0, 0))) for name in range(5)]
        assert Atomics.notify(cells, 0, 2) == 2
        await in_turn()
        assert ended == [0, 1]
        assert Atomics.notify(cells, 0) == 3
        await asyncio.gather(*tasks)
        assert ended == [0, 1, 2, 3, 4]

    run(main)


def test_beside_threads_in_the_same_queue(cells):
    async def main():
        first = asyncio.create_task(Atomics.wait_async(cells, 0, 0))
        thread = threading.Thread(target=Atomics.wait, args=(cells, 0, 0))
        thread.start()
        while _atomics._count_waiters(cells, 0) < 2:
            await asyncio.sleep(0)
        assert Atomics.notify(cells, 0, 1) == 1
        assert await first == "ok"
        assert thread.is_alive()
        assert Atomics.notify(cells, 0, 1) == 1
        thread.join()

    run(main)


def test_a_notification_from_another_thread(cells):
    async def main():
        for _ in range(100):
            thread = threading.Thread(target=Atomics.notify, args=(cells, 0))
            waiting = Atomics.wait_async(cells, 0, 0)
            thread.start()
            assert await waiting == "ok"
            thread.join()

    run(main)


def test_it_takes_no_thread(cells):
    async def main():
        before = set(threading.enumerate())
        tasks = [asyncio.create_task(Atomics.wait_async(cells, 0, 0)) for _ in range(10_000)]
        await in_turn()
        assert set(threading.enumerate()) <= before  # some may end, of other tests
        assert Atomics.notify(cells, 0) == 10_000
        assert set(await asyncio.gather(*tasks)) == {"ok"}

    run(main)


def test_cancellation_leaves_the_queue(cells):
    async def main():
        task = asyncio.create_task(Atomics.wait_async(cells, 0, 0))
        await in_turn()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert Atomics.notify(cells, 0) == 0
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(Atomics.wait_async(cells, 0, 0), 0.001)
        assert Atomics.notify(cells, 0) == 0

    run(main)


@pytest.mark.parametrize("turns", range(4))
def test_a_notification_that_meets_a_cancellation_goes_to_the_next(cells, turns):
    """Cancelled before, while, or after the loop learns of the notification: it is told to exactly one of two."""

    async def main():
        first, second = (asyncio.create_task(Atomics.wait_async(cells, 0, 0)) for _ in range(2))
        await in_turn()
        assert Atomics.notify(cells, 0, 1) == 1
        for _ in range(turns):
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        if first.cancelled():
            assert await second == "ok"
        else:
            assert first.result() == "ok"
            await in_turn()
            assert not second.done()
            assert Atomics.notify(cells, 0) == 1
            await second
        assert Atomics.notify(cells, 0) == 0

    run(main)


@pytest.mark.parametrize("turns", range(4))
def test_a_notification_that_meets_the_end_of_the_time(cells, turns):
    async def main():
        waiting = asyncio.create_task(Atomics.wait_async(cells, 0, 0, 0.0001))
        for _ in range(turns):
            await asyncio.sleep(0.0001)
        woken = Atomics.notify(cells, 0)
        assert await waiting == ("ok" if woken else "timed-out")

    run(main)


@pytest.mark.filterwarnings("ignore:coroutine 'wait_async' was never awaited:RuntimeWarning")
def test_one_that_is_dropped_before_it_was_awaited(cells):
    async def main():
        waiting = Atomics.wait_async(cells, 0, 0)
        del waiting
        gc.collect()
        assert Atomics.notify(cells, 0) == 0

        waiting = Atomics.wait_async(cells, 0, 0)
        second = asyncio.create_task(Atomics.wait_async(cells, 0, 0))
        assert Atomics.notify(cells, 0, 1) == 1
        await in_turn()
        del waiting
        gc.collect()
        assert await second == "ok"

    run(main)


def test_a_coroutine_that_is_closed(cells):
    async def main():
        waiting = Atomics.wait_async(cells, 0, 0)
        waiting.send(None)
        waiting.close()
        assert Atomics.notify(cells, 0) == 0

    run(main)


def test_a_task_that_nobody_else_knows_is_kept(cells):
    async def main():
        ended = []
        asyncio.create_task(Atomics.wait_async(cells, 0, 0)).add_done_callback(ended.append)
        await in_turn()
        gc.collect()
        assert Atomics.notify(cells, 0) == 1
        await in_turn()
        assert ended[0].result() == "ok"

    run(main)


def test_a_loop_that_is_closed_leaves_no_waiter(cells):
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # of the task that is destroyed

    async def begin():
        task = loop.create_task(Atomics.wait_async(cells, 0, 0))
        await in_turn()
        return task

    task = loop.run_until_complete(begin())
    assert _atomics._count_waiters(cells, 0) == 1
    loop.close()
    assert Atomics.notify(cells, 0) == 0
    assert not task.done()


def test_a_loop_that_ends_with_asyncio_run_leaves_no_waiter(cells):
    async def main():
        tasks.append(asyncio.create_task(Atomics.wait_async(cells, 0, 0)))
        await in_turn()

    tasks = []
    run(main)
    assert tasks[0].cancelled()
    assert Atomics.notify(cells, 0) == 0


def test_a_loop_that_is_closed_passes_a_notification_on(cells):
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    tasks = []

    async def begin():
        tasks.append(loop.create_task(Atomics.wait_async(cells, 0, 0)))
        await in_turn()

    loop.run_until_complete(begin())
    thread = threading.Thread(target=Atomics.wait, args=(cells, 0, 0))
    thread.start()
    while _atomics._count_waiters(cells, 0) < 2:
        pass
    assert Atomics.notify(cells, 0, 1) == 1
    loop.close()
    thread.join()
    assert Atomics.notify(cells, 0) == 0


def test_loops_do_not_pile_up(cells):
    async def main():
        await Atomics.wait_async(cells, 0, 0, 0.0001)

    for _ in range(10):
        run(main)
    gc.collect()
    assert len(_listeners) == 0


def test_two_loops(cells):
    async def main():
        return await Atomics.wait_async(cells, 0, 0)

    results = []
    threads = [threading.Thread(target=lambda: results.append(run(main))) for _ in range(2)]
    for thread in threads:
        thread.start()
    while _atomics._count_waiters(cells, 0) < 2:
        pass
    assert Atomics.notify(cells, 0) == 2
    for thread in threads:
        thread.join()
    assert results == ["ok", "ok"]


@pytest.mark.soak
def test_cancellations_and_notifications_at_the_same_time(cells, soak):
    """What notify has counted is what was told, when all others were cancelled."""
    stop, woken = threading.Event(), []

    def notify():
        count = 0
        while not stop.is_set():
            count += Atomics.notify(cells, 0, 1)
        woken.append(count)

    async def main():
        told = 0
        for round in range(soak(300, 20_000)):
            tasks = [asyncio.create_task(Atomics.wait_async(cells, 0, 0)) for _ in range(4)]
            for _ in range(round % 4):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            told += sum(not task.cancelled() for task in tasks)
        return told

    thread = threading.Thread(target=notify)
    thread.start()
    try:
        told = run(main)
    finally:
        stop.set()
        thread.join()
    assert told <= woken[0]
    assert Atomics.notify(cells, 0) == 0


def test_there_is_no_loop(cells):
    with pytest.raises(RuntimeError, match="no running event loop"):
        Atomics.wait_async(cells, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((numpy.zeros(3, "int16"), "bad", 0), TypeError, r"wait_async\(\) takes a buffer of integers of 4 or 8 bytes"),
        ((numpy.zeros(3, "int32"), 3, "bad"), IndexError, "index 3 is out of range"),
        ((numpy.zeros(3, "int32"), 0, "bad", "bad"), TypeError, "value must be an integer"),
        ((numpy.zeros(3, "int32"), 0, 0, "bad"), TypeError, "timeout must be"),
        ((numpy.zeros(3, "int32"), 0, 0, float("nan")), ValueError, "timeout must be"),
    ],
)
def test_bad_arguments(arguments, error, words):
    async def main():
        with pytest.raises(error, match=words):
            Atomics.wait_async(*arguments)
        assert Atomics.notify(numpy.zeros(3, "int32"), 0) == 0

    run(main)


def test_wait_would_stop_the_loop(cells):
    async def main():
        with pytest.raises(RuntimeError, match=r"Atomics\.wait_async"):
            Atomics.wait(cells, 0, 0)
        assert Atomics.wait(cells, 0, 0, 0) == "timed-out"
        assert Atomics.wait(cells, 0, 1) == "not-equal"
        assert await asyncio.to_thread(Atomics.wait, cells, 0, 0, 0.001) == "timed-out"

    run(main)


class WithoutReaders(asyncio.SelectorEventLoop):
    """As the loop of Windows is."""

    def add_reader(self, fd, *args):
        raise NotImplementedError


def test_a_loop_without_readers(cells):
    async def main():
        for _ in range(10):
            tasks = [asyncio.create_task(Atomics.wait_async(cells, 0, 0)) for _ in range(3)]
            assert Atomics.notify(cells, 0) == 3
            assert await asyncio.gather(*tasks) == ["ok"] * 3
        return asyncio.create_task(Atomics.wait_async(cells, 0, 0))

    before = set(threading.enumerate())
    loop = WithoutReaders()
    loop.set_exception_handler(lambda *_: None)
    task = loop.run_until_complete(main())
    loop.close()
    assert Atomics.notify(cells, 0) == 0
    assert not task.done()
    while not set(threading.enumerate()) <= before:
        pass
