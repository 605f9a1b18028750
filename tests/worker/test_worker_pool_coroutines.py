"""WorkerPool: handlers that are coroutine functions, and the loops that they run on."""

import asyncio
import contextlib
import gc
import queue
import threading
import time

import pytest

import threadpool
from threadpool.errors import WorkerLost
from threadpool.worker import Worker, WorkerPool, current
from threadpool.worker.pool.loop_tasks import LoopTasks

from .conftest import TIMEOUT, run


def test_the_loop_lives_as_long_as_the_worker():
    seen = []

    async def handler(task):
        loop = asyncio.get_running_loop()
        if not seen:
            seen.append((loop, asyncio.create_task(asyncio.Event().wait())))
        await asyncio.sleep(0)
        return loop is seen[0][0], seen[0][1].done()

    async def main():
        with WorkerPool(handler, 1) as pool:
            assert await asyncio.gather(*map(pool.run, range(20))) == [(True, False)] * 20
            assert pool.submit(1).result(TIMEOUT) == (True, False)
        assert seen[0][1].cancelled()
        assert seen[0][0].is_closed()

    run(main())


@pytest.mark.parametrize("concurrency", [1, 3])
def test_as_many_run_at_a_time_as_may(concurrency):
    running = most = 0
    submitted = threading.Event()

    async def handler(task):
        nonlocal running, most
        running += 1
        most = max(most, running)
        assert submitted.wait(TIMEOUT)  # and the loop, until there are enough
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running -= 1
        return task

    with WorkerPool(handler, 1, concurrent_tasks_per_worker=concurrency) as pool:
        futures = [pool.submit(x) for x in range(50)]
        submitted.set()
        assert [future.result(TIMEOUT) for future in futures] == list(range(50))
    assert most == concurrency


def test_tasks_that_wait_for_one_another():
    barrier = asyncio.Barrier(4)

    async def handler(task):
        await barrier.wait()
        return task

    with WorkerPool(handler, 1, concurrent_tasks_per_worker=4) as pool:
        futures = [pool.submit(x) for x in range(8)]
        assert [future.result(TIMEOUT) for future in futures] == list(range(8))


def test_a_loop_that_waits_is_woken_by_the_next_task():
    async def handler(task):
        return task

    async def main():
        with WorkerPool(handler, 3, concurrent_tasks_per_worker=2) as pool:
            for x in range(300):
                assert await pool.run(x) == x
            assert sorted(await asyncio.to_thread(pool.broadcast, 1)) == [1, 1, 1]

    run(main())


def test_a_plain_function_may_return_a_coroutine_now_and_then():
    async def later(task):
        await asyncio.sleep(0)
        return -task

    with WorkerPool(lambda task: later(task) if task % 2 else task, 2) as pool:
        futures = [pool.submit(x) for x in range(20)]
        assert [future.result(TIMEOUT) for future in futures] == [-x if x % 2 else x for x in range(20)]


def test_cancelled_tells_of_the_task_that_asks():
    async def handler(task):
        if task == "other":
            return threadpool.cancelled()
        started.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        ended.append(threadpool.cancelled())
        other_may_end.set()
        raise asyncio.CancelledError

    started, other_may_end, ended = threading.Event(), threading.Event(), []

    async def main():
        with WorkerPool(handler, 1, concurrent_tasks_per_worker=2) as pool:
            future = pool.run("wait")
            assert await asyncio.to_thread(started.wait, TIMEOUT)
            assert await pool.run("other") is False
            future.cancel()
            assert await asyncio.to_thread(other_may_end.wait, TIMEOUT)
            assert await pool.run("other") is False
            assert ended == [True]

    run(main())


def test_a_timeout_of_one_leaves_the_others_alone():
    async def handler(task):
        if task == "gate":
            gate.set()
            return None
        while task == "slow" or not gate.is_set():
            await asyncio.sleep(0.001)
        return task

    gate = threading.Event()

    async def main():
        with WorkerPool(handler, 1, concurrent_tasks_per_worker=3) as pool:
            other = pool.run("other")
            with pytest.raises(TimeoutError):
                await pool.run("slow", timeout=0.02)
            assert not other.done()
            await pool.run("gate")
            assert await other == "other"

    run(main())


def test_a_coroutine_that_exits_fails_alone_and_its_worker_is_replaced():
    async def handler(task):
        if task == "exit":
            raise SystemExit(3)
        if task == "wait":
            await asyncio.sleep(0.01)
        return threading.get_ident()

    async def main():
        with WorkerPool(handler, 1, concurrent_tasks_per_worker=3) as pool:
            waiting, exiting = pool.run("wait"), pool.run("exit")
            with pytest.raises(WorkerLost) as caught:
                await exiting
            assert isinstance(caught.value.__cause__, SystemExit)
            assert await waiting
            assert await pool.run("next")

    run(main())


def test_errors_of_coroutines_are_the_same_objects():
    error = KeyError("mine")

    async def handler(task):
        await asyncio.sleep(0)
        raise error

    with WorkerPool(handler, 1) as pool:
        assert pool.submit(1).exception(TIMEOUT) is error


def test_workers_with_a_loop_end_when_they_are_idle():
    async def handler(task):
        return threading.current_thread()

    with WorkerPool(handler, min_workers=0, max_workers=1, idle_timeout=0.01, concurrent_tasks_per_worker=2) as pool:
        first = pool.submit(1).result(TIMEOUT)
        first.join(TIMEOUT)
        assert pool.submit(1).result(TIMEOUT) is not first


def test_destroy_ends_coroutines():
    ended = threading.Event()
    started = threading.Event()

    async def handler(task):
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    pool = WorkerPool(handler, 1, concurrent_tasks_per_worker=2)
    futures = [pool.submit(x) for x in range(4)]
    assert started.wait(TIMEOUT)
    pool.destroy().result(TIMEOUT)
    assert ended.wait(TIMEOUT)
    for future in futures:
        with pytest.raises(RuntimeError, match="destroyed"):
            future.result(TIMEOUT)


@pytest.mark.thread_unsafe(reason="replaces a function")
def test_a_broadcast_while_the_loop_starts(monkeypatch):
    run, starts, goes_on = asyncio.run, threading.Event(), threading.Event()

    def held_up(main):
        starts.set()
        assert goes_on.wait(TIMEOUT)
        run(main)

    async def handler(task):
        return task

    monkeypatch.setattr(asyncio, "run", held_up)
    with WorkerPool(handler, 1) as pool:
        first = pool.submit("first")
        assert starts.wait(TIMEOUT)
        futures = pool._crew.post_to_all("all", None)
        goes_on.set()
        assert [future.result(TIMEOUT) for future in (first, *futures)] == ["first", "all"]


@pytest.mark.thread_unsafe(reason="replaces a method")
def test_what_interrupts_a_task_does_not_interrupt_the_loop_that_is_about_to_start_it(monkeypatch):
    start, begun, goes_on = LoopTasks._start, queue.SimpleQueue(), threading.Event()

    def held_up(tasks, task, awaitable):
        begun.put(task)
        assert goes_on.wait(TIMEOUT)
        start(tasks, task, awaitable)

    async def handler(task):
        if task == "for ever":
            await asyncio.Event().wait()
        return task

    monkeypatch.setattr(LoopTasks, "_start", held_up)
    pool = WorkerPool(handler, 1, concurrent_tasks_per_worker=2)
    future = pool.submit("for ever")
    task = begun.get(timeout=TIMEOUT)
    assert task.stop(TimeoutError())
    assert task.interrupt()
    goes_on.set()
    with pytest.raises(TimeoutError):
        future.result(TIMEOUT)
    assert pool.submit("next").result(TIMEOUT) == "next"
    pool.close().result(TIMEOUT)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")  # what the loop's end was to await
@pytest.mark.thread_unsafe(reason="replaces a method")
def test_a_worker_that_is_ended_as_it_is_about_to_start_a_coroutine(monkeypatch):
    begun, futures = threading.Event(), queue.SimpleQueue()

    def held_up(tasks, task, awaitable):
        awaitable.close()
        begun.set()
        while True:
            time.sleep(0)

    def script():
        pool = WorkerPool(asyncio.sleep, 1, concurrent_tasks_per_worker=2)
        futures.put(pool.submit(0))
        current().parent_port.recv()

    monkeypatch.setattr(LoopTasks, "_start", held_up)
    worker = Worker(script)
    assert begun.wait(TIMEOUT)
    worker.terminate().result(TIMEOUT)
    with pytest.raises(WorkerLost, match="terminated"):
        futures.get(timeout=TIMEOUT).result(TIMEOUT)
    gc.collect()
