"""WorkerPool: start-ups that fail, workers that crash, and the ends of a pool."""

import asyncio
import gc
import queue
import sys
import threading
import time
import weakref

import pytest

from threadpool.errors import WorkerLost
from threadpool.worker import Worker, WorkerPool, current
from threadpool.worker.thread import ThreadRuntime

from .conftest import TIMEOUT, run


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (None, FileNotFoundError),
        ("def default(:", SyntaxError),
        ("1 / 0", ZeroDivisionError),
        ("x = 1", ValueError),
        ("default = 3", ValueError),
        ("raise SystemExit(2)", WorkerLost),
        ("class Odd(Exception):\n    def __init__(self, a, b): pass\nraise Odd(1, 2)", Exception),
    ],
)
def test_a_start_up_that_fails_breaks_the_pool(tmp_path, source, error):
    path = tmp_path / "handlers.py"
    if source is not None:
        path.write_text(source)

    async def main():
        with pytest.raises(error):
            await pool.run(1)
        with pytest.raises(error):
            await pool.run(2)

    pool = WorkerPool(path, 3)
    with pytest.raises(error):
        pool.submit(0).result(TIMEOUT)
    run(main())
    assert not pool.close().result(TIMEOUT)
    assert pool.workers == 0


def test_tasks_that_wait_for_a_start_up_that_fails(tmp_path):
    path = tmp_path / "handlers.py"
    path.write_text("from threadpool.worker import worker_data\nworker_data.wait(30)\nraise KeyError('start-up')")
    gate = threading.Event()
    with WorkerPool(path, 2, data=gate) as pool:
        futures = [pool.submit(x) for x in range(10)]
        gate.set()
        errors = [future.exception(TIMEOUT) for future in futures]
        assert {type(error) for error in errors} == {KeyError}
        assert len(set(map(id, errors))) == 10


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_a_crash_fails_only_its_task(error):
    def handler(task):
        if task == "crash":
            raise error
        return threading.get_ident()

    async def main():
        with pytest.raises(WorkerLost, match=error.__name__) as caught:
            await pool.run("crash")
        assert isinstance(caught.value.__cause__, error)
        assert await pool.run("next")

    with WorkerPool(handler, 1) as pool:
        run(main())
        futures = [pool.submit(task) for task in ["a", "crash", "b", "crash", "c"]]
        failed = [future.exception(TIMEOUT) is not None for future in futures]
        assert failed == [False, True, False, True, False]
        assert pool.failed == 3


def test_no_memory_fails_the_task_and_replaces_the_worker():
    def handler(task):
        if task == "memory":
            raise MemoryError
        return threading.current_thread()

    with WorkerPool(handler, 1) as pool:
        first = pool.submit(1).result(TIMEOUT)
        with pytest.raises(MemoryError):
            pool.submit("memory").result(TIMEOUT)
        assert pool.submit(1).result(TIMEOUT) is not first


def test_events_of_workers():
    events = []
    told = threading.Semaphore(0)

    def handler(task):
        sys.exit(task)

    def listener(name):
        return lambda number: (events.append((name, number)), told.release())

    with WorkerPool(handler, min_workers=0, max_workers=1) as pool:
        pool.on("worker_create", listener("create"))
        removed = pool.on("worker_create", listener("removed"))
        pool.off("worker_create", removed)
        pool.once("worker_destroy", listener("destroy"))
        assert isinstance(pool.submit(1).exception(TIMEOUT), WorkerLost)
        for _ in range(2):
            assert told.acquire(timeout=TIMEOUT)
    assert [name for name, _ in events[:2]] == ["create", "destroy"]
    assert events[0][1] == events[1][1]


def test_an_error_that_no_task_gets():
    errors = []
    told = threading.Event()

    def callback(future):
        raise SystemExit("from a callback")

    gate = threading.Event()
    with WorkerPool(lambda task: gate.wait(TIMEOUT), 1) as pool:
        pool.on("error", lambda error: (errors.append(error), told.set()))
        future = pool.submit(1)
        future.add_done_callback(callback)
        gate.set()
        assert future.result(TIMEOUT)
        assert told.wait(TIMEOUT)
        assert pool.submit(1).result(TIMEOUT)
    assert [type(error) for error in errors] == [SystemExit]


def test_close_finishes_what_was_submitted():
    async def main():
        async with WorkerPool(lambda x: x, 2) as pool:
            futures = [pool.run(x) for x in range(1000)]
        assert all(future.done() for future in futures) or await asyncio.gather(*futures) == list(range(1000))
        with pytest.raises(RuntimeError, match="is closed"):
            pool.run(1)
        with pytest.raises(RuntimeError, match="is closed"):
            await asyncio.to_thread(pool.broadcast, 1)
        await pool.close()
        await pool.destroy()

    run(main())


def test_close_destroys_after_its_timeout():
    started, gate = threading.Event(), threading.Event()
    pool = WorkerPool(lambda x: (started.set(), gate.wait(TIMEOUT)), 1)
    futures = [pool.submit(x) for x in range(2)]
    assert started.wait(TIMEOUT)
    end = pool.close(timeout=0.3)
    with pytest.raises(RuntimeError, match="destroyed"):
        futures[0].result(TIMEOUT)
    with pytest.raises(RuntimeError, match="destroyed"):
        futures[1].result(TIMEOUT)
    with pytest.raises(TimeoutError):
        end.result(0.01)
    gate.set()
    end.result(TIMEOUT)


def test_destroy_fails_what_is_pending():
    def handler(task):
        started.set()
        while True:
            pass

    started = threading.Event()

    async def main():
        pool = WorkerPool(handler, 1)
        futures = [pool.run(x) for x in range(3)]
        assert await asyncio.to_thread(started.wait, TIMEOUT)
        end = pool.destroy()
        for future in futures:
            with pytest.raises(RuntimeError, match="destroyed"):
                await future
        await end
        assert pool.workers == 0

    run(main())


def test_an_end_that_is_awaited_no_longer():
    gate = threading.Event()

    async def main():
        pool = WorkerPool(lambda task: gate.wait(TIMEOUT), 1)
        future = pool.run(1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pool.close(), 0.01)
        gate.set()
        assert await future
        await pool.close()

    run(main())


def test_the_ends_cannot_be_waited_for_by_a_worker():
    with WorkerPool(lambda task: pool.close().result(), 1) as pool:
        error = pool.submit(1).exception(TIMEOUT)
    assert isinstance(error, RuntimeError)
    assert "cannot wait for the end of its pool" in str(error)


def test_destroy_from_a_callback():
    pool = WorkerPool(lambda task: task, 2)
    futures = [pool.submit(x) for x in range(100)]
    futures[0].add_done_callback(lambda future: pool.destroy())
    for future in futures:
        future.exception(TIMEOUT)
    pool.destroy().result(TIMEOUT)
    assert all(future.done() for future in futures)


def test_a_pool_that_is_forgotten_ends():
    pool = WorkerPool(lambda task: threading.current_thread(), 1)
    thread = pool.submit(1).result(TIMEOUT)
    reference = weakref.ref(pool)
    del pool
    gc.collect()
    assert reference() is None
    thread.join(TIMEOUT)
    assert not thread.is_alive()


def test_a_pool_ends_with_the_worker_that_made_it():
    futures = []

    def program():
        started = queue.SimpleQueue()

        def handler(task):
            started.put(task)
            while True:
                time.sleep(0.001)

        pool = WorkerPool(handler, 1)
        futures.extend(pool.submit(x) for x in range(3))
        assert started.get(timeout=TIMEOUT) == 0
        futures.append(pool)

    worker = Worker(program)
    assert worker.join(TIMEOUT) == 0
    for future in futures[:3]:
        with pytest.raises((RuntimeError, WorkerLost)):
            future.result(TIMEOUT)
    with pytest.raises(RuntimeError, match="closed"):
        futures[3].submit(1)


def test_idle_workers_end_down_to_the_fewest():
    barrier = threading.Barrier(3)
    destroyed = threading.Semaphore(0)
    with WorkerPool(lambda task: barrier.wait(TIMEOUT), min_workers=1, max_workers=3, idle_timeout=0.01) as pool:
        pool.on("worker_destroy", lambda number: destroyed.release())
        assert pool.workers == 1
        futures = [pool.submit(x) for x in range(3)]
        assert sorted(future.result(TIMEOUT) for future in futures) == [0, 1, 2]
        for _ in range(2):
            assert destroyed.acquire(timeout=TIMEOUT)
        assert pool.workers == 1


@pytest.mark.thread_unsafe(reason="replaces a method")
def test_who_starts_a_worker_for_its_task_is_interrupted_after_that(monkeypatch):
    """A worker that has not made the pool, and is to end: the pool is not affected."""
    start, stops, seen = ThreadRuntime.start, [], []

    def start_interrupted(runtime):
        if stops:
            assert stops.pop().interrupt()
            for _ in range(1000):  # where the exception would come
                pass
        start(runtime)
        seen.append(runtime._context.name)

    pool = WorkerPool(str.upper, min_workers=0, max_workers=1, name="pool")

    def script():
        stops.append(current().stop)
        pool.submit("from the worker")
        seen.append("not interrupted")

    with pool:
        monkeypatch.setattr(ThreadRuntime, "start", start_interrupted)
        assert Worker(script, name="worker").join(TIMEOUT) == 1
        assert pool.submit("hello").result(TIMEOUT) == "HELLO"
        assert sorted(seen) == ["pool-1", "worker"]


def test_a_pool_says_that_it_has_ended_with_the_main_thread(prints):
    out = prints("""
        pool = WorkerPool(str.title, 1)
        pool.submit("a").result(30)

        def go_on():
            threading.main_thread().join()
            try:
                while True:
                    pool.submit("b").result(30)
            except RuntimeError as error:
                print(error)

        threading.Thread(target=go_on).start()
    """)
    assert out == "the WorkerPool 'pool-1' has ended with the program's main thread\n"
