"""WorkerPool: tasks, handlers, results, figures, arguments."""

import asyncio
import threading

import pytest

import threadpool
from threadpool import worker
from threadpool.errors import QueueFull
from threadpool.worker import WorkerPool

from .conftest import TIMEOUT, run


def test_run_returns_a_future_of_the_running_loop():
    async def main():
        with WorkerPool(lambda x: x + 1, 2) as pool:
            future = pool.run(1)
            assert isinstance(future, asyncio.Future)
            assert future.get_loop() is asyncio.get_running_loop()
            assert await future == 2
            assert await asyncio.gather(*map(pool.run, range(1000))) == list(range(1, 1001))

    run(main())


def test_submit_returns_a_future_for_threads():
    with WorkerPool(lambda x: x + 1, 2) as pool:
        futures = [pool.submit(x) for x in range(1000)]
        assert [future.result(TIMEOUT) for future in futures] == list(range(1, 1001))


def test_tasks_and_results_go_by_reference():
    with WorkerPool(lambda x: x, 1) as pool:
        task = object()
        assert pool.submit(task).result(TIMEOUT) is task


def test_copy_and_transfer():
    async def main():
        with WorkerPool(lambda x: x, 1) as pool:
            task = [[1]]
            copied = await pool.run(task, copy=True)
            assert copied == task
            assert copied[0] is not task[0]
            channel = worker.MessageChannel()
            port = await pool.run(channel.port1, transfer=[channel.port1])
            channel.port2.post_message("hello")
            assert port.recv(0) == "hello"
            with pytest.raises(RuntimeError, match="transferred"):
                channel.port1.post_message("lost")

    run(main())


def test_run_without_a_loop_names_submit():
    with WorkerPool(str, 1) as pool, pytest.raises(RuntimeError):
        pool.run(1)


def test_the_handler_of_a_file_is_its_function_default(handler_file):
    path = handler_file("""
        import threading
        from threadpool.worker import worker_data, is_main_thread

        assert __name__ == "handlers_in_file" and not is_main_thread
        assert __file__.endswith("handlers_in_file.py")
        count = 0

        def default(task):
            global count
            count += 1
            return task, worker_data, count, threading.get_ident()

        def other(task):
            return "other", task
    """)
    with WorkerPool(path, 1, data="data") as pool:
        first = pool.submit("a").result(TIMEOUT)
        assert first[:3] == ("a", "data", 1)
        second = pool.submit("b").result(TIMEOUT)
        assert second[:3] == ("b", "data", 2)
        assert first[3] == second[3] != threading.get_ident()
        assert pool.submit("c", name="other").result(TIMEOUT) == ("other", "c")


def test_each_worker_executes_the_file_for_itself(handler_file):
    path = handler_file("""
        import threading

        here = threading.get_ident()

        def default(barrier):
            barrier.wait(30)
            return here, threading.get_ident()
    """)
    with WorkerPool(path, 3) as pool:
        barrier = threading.Barrier(3)
        futures = [pool.submit(barrier) for _ in range(3)]
        idents = [future.result(TIMEOUT) for future in futures]
    assert all(mine == current for mine, current in idents)
    assert len(set(idents)) == 3


def test_a_file_with_dataclasses(handler_file):
    path = handler_file("""
        from __future__ import annotations
        from dataclasses import dataclass

        @dataclass
        class Point:
            x: int

        def default(x):
            return Point(x).x
    """)
    with WorkerPool(path, 3) as pool:
        assert pool.broadcast(7) == [7, 7, 7]


def test_an_unknown_name_fails_that_task_only(handler_file):
    path = handler_file("default = str.upper\nnumber = 1\n")
    with WorkerPool(path, 1) as pool:
        for name in ("nothing", "number"):
            with pytest.raises(
                ValueError, match=f"name must be that of a function in handlers_in_file.py, not '{name}'"
            ):
                pool.submit("a", name=name).result(TIMEOUT)
        assert pool.submit("a").result(TIMEOUT) == "A"
    with WorkerPool(str.upper, 1) as pool, pytest.raises(ValueError, match="name must be None"):
        pool.submit("a", name="nothing").result(TIMEOUT)


def test_the_exception_is_the_same_object_with_its_traceback():
    error = ValueError("mine")

    def handler(task):
        raise error

    async def main():
        with pytest.raises(ValueError) as caught:
            await pool.run(1)
        assert caught.value is error
        assert "handler" in [entry.name for entry in caught.traceback]
        results = await asyncio.gather(*map(pool.run, range(3)), return_exceptions=True)
        assert results == [error] * 3

    with WorkerPool(handler, 1) as pool:
        assert pool.submit(1).exception(TIMEOUT) is error
        run(main())
        assert (pool.completed, pool.failed) == (0, 5)


def test_stop_iteration_arrives_as_runtime_error():
    with WorkerPool(next, 1) as pool:

        async def main():
            with pytest.raises(RuntimeError, match="StopIteration"):
                await pool.run(iter(()))

        run(main())


def test_broadcast_runs_once_on_every_worker():
    with WorkerPool(lambda task: (task, threading.get_ident()), 3) as pool:
        results = pool.broadcast("x")
        assert len(set(results)) == 3
        assert {task for task, _ in results} == {"x"}


def test_broadcast_raises_after_all_have_ended():
    done = []

    def handler(task):
        done.append(task)
        raise KeyError(task)

    with WorkerPool(handler, 2) as pool:
        with pytest.raises(KeyError):
            pool.broadcast("x")
        assert done == ["x", "x"]


def test_broadcast_would_block_a_loop_or_a_worker():
    async def main():
        with pytest.raises(RuntimeError, match="to_thread"):
            pool.broadcast(1)
        assert await asyncio.to_thread(pool.broadcast, "a") == ["A"]

    with WorkerPool(str.upper, 1) as pool:
        run(main())
    with WorkerPool(lambda task: pool.broadcast(task), 1) as pool:
        error = pool.submit(1).exception(TIMEOUT)
    assert isinstance(error, RuntimeError)
    assert "cannot broadcast" in str(error)


def test_figures():
    gate = threading.Event()
    with WorkerPool(lambda x: gate.wait(TIMEOUT), 1, name="figures") as pool:
        futures = [pool.submit(x) for x in range(3)]
        while not futures[0].running():
            pass
        assert pool.queue_size == 2
        assert pool.workers == 1
        gate.set()
        assert all(future.result(TIMEOUT) for future in futures)
        assert (pool.completed, pool.failed, pool.queue_size) == (3, 0, 0)
        assert 0 < pool.utilization <= 1
        assert 0 < pool.run_time.p50 <= pool.run_time.most
        assert 0 < pool.wait_time.p50 <= pool.wait_time.most
        assert not pool.needs_drain
        assert "figures" in repr(pool)
    assert pool.workers == 0


def test_a_full_queue():
    gate = threading.Event()
    events = []
    told = threading.Semaphore(0)

    def listener(event):
        return lambda: (events.append(event), told.release())

    with WorkerPool(lambda x: gate.wait(TIMEOUT), 1, max_queue=2) as pool:
        pool.on("needs_drain", listener("needs_drain"))
        pool.on("drain", listener("drain"))
        futures = [pool.submit(x) for x in range(3)]
        assert pool.needs_drain
        with pytest.raises(QueueFull, match="max_queue=2"):
            pool.submit(4)
        assert told.acquire(timeout=TIMEOUT)
        gate.set()
        assert all(future.result(TIMEOUT) for future in futures)
        assert told.acquire(timeout=TIMEOUT)
        assert events == ["needs_drain", "drain"]
        assert not pool.needs_drain
        assert pool.submit(4).result(TIMEOUT)
        assert pool.completed == 4


def test_an_automatic_limit_of_the_queue():
    gate = threading.Event()
    with WorkerPool(lambda x: gate.wait(TIMEOUT), 2, max_queue="auto", concurrent_tasks_per_worker=2) as pool:
        futures = [pool.submit(x) for x in range(2 * 2 + 2**2)]
        with pytest.raises(QueueFull):
            pool.submit(0)
        gate.set()
        assert all(future.result(TIMEOUT) for future in futures)


def test_inside_items_of_a_run_and_inside_workers():
    with WorkerPool(lambda x: x * 2, 2) as inner, WorkerPool(lambda x: inner.submit(x).result(TIMEOUT) + 1, 2) as outer:
        assert threadpool.run(lambda x: outer.submit(x).result(TIMEOUT), range(50)) == [x * 2 + 1 for x in range(50)]


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (TypeError, "target must be the path of a file or a callable, not 'int'", {"target": 3}),
        (TypeError, "workers must be an int, not 'str'", {"workers": "2"}),
        (ValueError, "workers must be at least 1, not 0", {"workers": 0}),
        (ValueError, "min_workers must be at least 0, not -1", {"min_workers": -1}),
        (
            ValueError,
            "min_workers must be at most max_workers, which is 1, not 2",
            {"min_workers": 2, "max_workers": 1},
        ),
        (TypeError, "workers must be None with", {"workers": 1, "max_workers": 1}),
        (ValueError, "idle_timeout must be 0 or more seconds, or None, not -1", {"idle_timeout": -1}),
        (TypeError, "idle_timeout", {"idle_timeout": "soon"}),
        (ValueError, "max_queue must be at least 0, not -1", {"max_queue": -1}),
        (TypeError, "max_queue must be an int, not 'str'", {"max_queue": "much"}),
        (TypeError, "name must be a str, not 'int'", {"name": 3}),
        (ValueError, "concurrent_tasks_per_worker must be at least 1, not 0", {"concurrent_tasks_per_worker": 0}),
        (ValueError, "runtime must be", {"runtime": "fibre"}),
    ],
)
def test_arguments(error, message, arguments):
    with pytest.raises(error, match=message):
        WorkerPool(**{"target": str, **arguments})


def test_arguments_of_tasks():
    def run_in_loop(task, name):
        async def main():
            await pool.run(task, name=name)

        run(main())

    with WorkerPool(str, 1) as pool:
        with pytest.raises(TypeError, match="timeout"):
            pool.submit(1, timeout="soon")
        for start in (pool.submit, pool.broadcast, run_in_loop):
            with pytest.raises(TypeError, match="name must be a str, not 'int'"):
                start(1, name=3)
        with pytest.raises(ValueError, match="event must be one of"):
            pool.on("message", print)
        assert pool.submit(1).result(TIMEOUT) == "1"
