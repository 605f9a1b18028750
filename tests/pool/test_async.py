"""run_async: a run that leaves the event loop free.

That it does so needs no clock: items wait for events that only the loop sets.
"""

import asyncio
import gc
import threading
import time
import weakref

import pytest

import threadpool
from threadpool import Pool, hashing, run_async

WAIT = 30


def square(x):
    return x * x


def freed(reference):
    """Whether the object is freed, sooner or later: on free-threaded builds its thread does it, once it runs."""
    end = time.monotonic() + WAIT
    while reference() is not None and time.monotonic() < end:
        threadpool.run(square, range(50))
        time.sleep(0.001)
    return reference() is None


def test_results():
    assert asyncio.run(run_async(square, range(1000))) == [x * x for x in range(1000)]
    assert asyncio.run(run_async(square, [])) == []
    assert asyncio.run(run_async(hashing.sha256, [b"a"] * 100)) == [hashing.sha256(b"a")] * 100


def test_errors():
    def fail(i):
        if i >= 7:
            raise ValueError(i)
        return i

    async def main():
        with pytest.raises(ValueError) as caught:
            await run_async(fail, range(100))
        assert caught.value.args == (7,)
        assert caught.value.__notes__ == ["threadpool: item 7 of the run"]
        with pytest.raises(ExceptionGroup, match="93 of 100 items failed"):
            await run_async(fail, range(100), errors="group")
        results = await run_async(fail, range(100), errors="return")
        assert results[:7] == list(range(7))
        assert all(isinstance(result, ValueError) for result in results[7:])

    asyncio.run(main())


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((3, [1]), {}, TypeError, "fn must be callable"),
        ((square, 3), {}, TypeError, "data must be iterable"),
        ((square, [1]), {"chunk": 0}, ValueError, "chunk must be at least 1"),
        ((square, [1]), {"errors": "ignore"}, ValueError, "errors must be"),
        ((square, [1]), {"timeout": float("nan")}, ValueError, "timeout must be a number of seconds, not NaN"),
    ],
)
def test_bad_input_is_named(arguments, options, error, words):
    with pytest.raises(error, match=words):
        asyncio.run(run_async(*arguments, **options))


def test_an_error_is_part_of_no_cycle():
    class Thing:
        pass

    def fail(_):
        raise ValueError

    async def main():
        thing = Thing()
        alive = weakref.ref(thing)

        async def call(thing):
            await run_async(fail, [1])

        try:
            await call(thing)
        except ValueError:
            pass
        del thing
        return alive

    enabled = gc.isenabled()
    gc.disable()
    try:
        assert freed(asyncio.run(main()))
    finally:
        if enabled:
            gc.enable()


def test_the_event_loop_goes_on_meanwhile():
    async def main():
        beat = threading.Event()
        asyncio.get_running_loop().call_soon(beat.set)
        assert await run_async(lambda _: beat.wait(WAIT), range(4)) == [True] * 4

    asyncio.run(main())


def test_a_generator_is_drained_in_a_thread():
    async def main():
        beat = threading.Event()
        threads = set()

        def data():
            threads.add(threading.get_ident())
            assert beat.wait(WAIT)
            yield from range(10)

        asyncio.get_running_loop().call_soon(beat.set)
        assert await run_async(square, data()) == [x * x for x in range(10)]
        assert threading.get_ident() not in threads

    asyncio.run(main())


def test_a_list_is_taken_as_it_is_at_the_call():
    async def main():
        data = list(range(100))
        task = asyncio.create_task(run_async(square, data))
        await asyncio.sleep(0)
        data.clear()
        assert await task == [x * x for x in range(100)]

    asyncio.run(main())


def test_a_full_queue_does_not_block_the_event_loop():
    async def main():
        beat = threading.Event()
        busy = threading.Event()
        with Pool(1, max_queue=1) as pool:
            first = pool.submit(lambda: (busy.set(), beat.wait(WAIT)))
            assert busy.wait(WAIT)
            second = pool.submit(square, 2)
            task = asyncio.create_task(pool.run_async(square, range(10)))
            asyncio.get_running_loop().call_soon(beat.set)
            assert await task == [x * x for x in range(10)]
            assert first.result()[1]
            assert second.result() == 4

    asyncio.run(main())


class Cancelled:
    """An item that runs until it is cancelled."""

    def __init__(self):
        self.started = []
        self.entered = threading.Event()
        self.saw = []

    def __call__(self, i):
        self.started.append(i)
        self.entered.set()
        end = time.monotonic() + WAIT
        while not threadpool.cancelled() and time.monotonic() < end:
            time.sleep(0.001)
        self.saw.append(threadpool.cancelled())


class Busy:
    """An item that runs until it is let go, and tells what it saw then."""

    def __init__(self):
        self.started = []
        self.entered = threading.Event()
        self.free = threading.Event()
        self.saw = []

    def __call__(self, i):
        self.started.append(i)
        self.entered.set()
        assert self.free.wait(WAIT)
        self.saw.append(threadpool.cancelled())
        return i


async def until(event):
    await asyncio.to_thread(event.wait, WAIT)


def test_cancelling_the_await_cancels_the_run_and_waits_for_what_is_in_progress():
    async def main():
        item = Busy()
        with Pool(2) as pool:
            task = asyncio.create_task(pool.run_async(item, range(1000)))
            await until(item.entered)
            task.cancel()
            for _ in range(20):
                await asyncio.sleep(0)
            assert not task.done()
            item.free.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert item.saw == [True] * len(item.started)
            assert len(item.started) <= 2
            assert await pool.run_async(square, range(10)) == [x * x for x in range(10)]

    asyncio.run(main())


def test_the_second_cancellation_ends_the_await_at_once():
    async def main():
        item = Busy()
        with Pool(1) as pool:
            task = asyncio.create_task(pool.run_async(item, range(1000)))
            await until(item.entered)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert item.saw == []
            item.free.set()
        assert item.saw == [True]

    asyncio.run(main())


def test_cancelling_before_it_has_started():
    async def main():
        item = Busy()
        started = []
        with Pool(1) as pool:
            pool.submit(item, 0)
            await until(item.entered)
            task = asyncio.create_task(pool.run_async(started.append, range(10)))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            item.free.set()
        assert started == []

    asyncio.run(main())


def test_cancelling_before_the_first_step():
    async def main():
        started = []
        task = asyncio.create_task(run_async(started.append, range(10)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert started == []

    asyncio.run(main())


def test_timeout():
    def item(i):
        while not threadpool.cancelled():
            pass
        started.append(i)

    async def main():
        with pytest.raises(TimeoutError, match=r"timed out after 0\.05 s"):
            await run_async(item, range(1000), timeout=0.05)

    started = []
    asyncio.run(main())
    assert len(started) < 1000


def test_the_timeout_begins_with_the_call_and_not_in_the_queue():
    async def main():
        item = Busy()
        started = []
        with Pool(1) as pool:
            pool.submit(item, 0)
            await until(item.entered)
            task = asyncio.create_task(pool.run_async(started.append, range(10), timeout=0.001))
            await asyncio.sleep(0)  # it has made the call
            await asyncio.sleep(0.01)  # after this nothing may be started, however late it gets its thread
            item.free.set()
            with pytest.raises(TimeoutError):
                await task
        assert started == []

    asyncio.run(main())


def test_asyncio_timeout():
    async def main():
        item = Cancelled()
        with Pool(1) as pool:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01) as limit:
                    await pool.run_async(item, range(1000))
            assert limit.expired()
        assert len(item.started) <= 1
        assert item.saw == [True] * len(item.started)

    asyncio.run(main())


def test_a_task_group_ends_its_runs_when_one_fails():
    async def main():
        item = Cancelled()
        with Pool(2) as pool:

            def fail(_):
                assert item.entered.wait(WAIT)
                raise ZeroDivisionError

            with pytest.raises(ExceptionGroup) as caught:
                async with asyncio.TaskGroup() as group:
                    group.create_task(pool.run_async(item, range(1000), workers=1))
                    group.create_task(pool.run_async(fail, range(1)))
            assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError]
            assert item.started == [0]
            assert item.saw == [True]

    asyncio.run(main())


def test_many_at_once():
    async def main():
        results = await asyncio.gather(*[run_async(square, range(i)) for i in range(100)])
        assert results == [[x * x for x in range(i)] for i in range(100)]

    asyncio.run(main())


def test_loops_in_several_threads(in_threads):
    async def main():
        for i in range(50):
            assert await run_async(square, range(i)) == [x * x for x in range(i)]

    in_threads(lambda: asyncio.run(main()), 4)


def test_inside_tasks_of_the_same_pool():
    with Pool(1) as pool:

        def task(i):
            return asyncio.run(pool.run_async(square, range(i)))

        assert [pool.submit(task, i).result(WAIT) for i in range(20)] == [[x * x for x in range(i)] for i in range(20)]
        assert pool.run(task, range(10)) == [[x * x for x in range(i)] for i in range(10)]


def test_an_event_loop_that_is_closed_while_a_run_goes_on():
    item = Busy()
    with Pool(1) as pool:
        loop = asyncio.new_event_loop()
        task = loop.create_task(pool.run_async(item, range(3)))
        loop.call_soon(loop.stop)
        loop.run_forever()
        assert item.entered.wait(WAIT)
        task._log_destroy_pending = False
        loop.close()
        item.free.set()
    assert item.started == [0, 1, 2]
    del task
    gc.collect()


def test_a_coroutine_that_is_closed_cancels_the_run():
    item = Busy()
    with Pool(1) as pool:

        async def main():
            coroutine = pool.run_async(item, range(1000))
            coroutine.send(None)
            await until(item.entered)
            coroutine.close()
            item.free.set()

        asyncio.run(main())
    assert item.started == [0]
    assert item.saw == [True]


def test_a_shut_down_pool():
    pool = Pool(1)
    pool.shutdown()
    with pytest.raises(RuntimeError, match="was shut down"):
        asyncio.run(pool.run_async(square, [1]))


def test_progress_is_told_in_a_thread_of_the_pool():
    async def main():
        told = []
        threads = set()

        def report(done, total):
            told.append((done, total))
            threads.add(threading.get_ident())

        assert await run_async(square, range(1000), progress=report) == [x * x for x in range(1000)]
        assert told[-1] == (1000, 1000)
        assert threading.get_ident() not in threads

    asyncio.run(main())


def test_progress_of_none():
    assert asyncio.run(run_async(square, [3], progress=None)) == [9]


def test_run_in_executor():
    async def main():
        with Pool(2) as pool:
            loop = asyncio.get_running_loop()
            futures = [loop.run_in_executor(pool, square, i) for i in range(50)]
            assert await asyncio.gather(*futures) == [x * x for x in range(50)]

    asyncio.run(main())
