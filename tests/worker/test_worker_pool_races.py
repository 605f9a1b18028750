"""WorkerPool: several loops and threads at once, and what may happen at the same moment."""

import asyncio
import random
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from threadpool.errors import WorkerLost
from threadpool.worker import WorkerPool
from threadpool.worker.pool.crew import Crew
from threadpool.worker.pool.loop_tasks import LoopTasks
from threadpool.worker.pool.pool_worker import PoolWorker

from .conftest import TIMEOUT, run


def test_several_loops_and_threads_use_one_pool(in_threads):
    with WorkerPool(lambda x: x + 1, 2) as pool:

        def one_loop():
            async def main():
                for _ in range(5):
                    results = await asyncio.gather(*(pool.run(x) for x in range(200)))
                    assert results == list(range(1, 201))
                    assert pool.submit(1).result(TIMEOUT) == 2

            for _ in range(2):
                run(main())

        in_threads(one_loop, 4)
        assert pool.completed == 4 * 2 * 5 * 201


def test_a_loop_that_is_closed_with_tasks_pending():
    gate = threading.Event()
    done = threading.Semaphore(0)

    def handler(task):
        gate.wait(TIMEOUT)
        done.release()

    with WorkerPool(handler, 1) as pool:

        async def leave():
            pool.run(1)
            pool.run(2)

        loop = asyncio.new_event_loop()
        loop.run_until_complete(leave())
        loop.close()
        gate.set()
        for _ in range(2):
            assert done.acquire(timeout=TIMEOUT)
        assert pool.submit(3).result(TIMEOUT) is None

        async def again():
            await pool.run(4)

        run(again())


def test_results_come_in_batches_between_which_the_loop_goes_on():
    async def main():
        with WorkerPool(lambda x: x, 1) as pool:
            futures = [pool.run(x) for x in range(5000)]
            steps = 0
            while not futures[-1].done():
                await asyncio.sleep(0)
                steps += 1
            assert steps > 5000 // 256
            assert await asyncio.gather(*futures) == list(range(5000))

    run(main())


@pytest.mark.parametrize("end", [WorkerPool.close, WorkerPool.destroy])
def test_the_end_against_submit(in_threads, end):
    """What was accepted is done, or fails; what is refused is refused at once."""

    def submit(pool, start):
        futures = []
        start.wait(TIMEOUT)
        try:
            for number in range(300):
                futures.append(pool.submit(number))
        except RuntimeError as error:
            if "is closed" not in str(error):
                raise
        for number, future in enumerate(futures):
            if future.exception(TIMEOUT) is None:
                assert future.result() == number
            else:
                assert end is WorkerPool.destroy

    def finish(pool, start):
        start.wait(TIMEOUT)
        end(pool).result(TIMEOUT)
        assert pool.workers == 0

    for _ in range(15):
        pool, start = WorkerPool(lambda x: x, 2), threading.Barrier(3)
        calls = [submit, submit, finish]
        in_threads(lambda calls=calls, pool=pool, start=start: calls.pop()(pool, start), 3)


def test_cancel_against_start():
    async def main():
        ran = []
        with WorkerPool(ran.append, 2) as pool:
            for _ in range(50):
                futures = [pool.run(x) for x in range(40)]
                for future in random.sample(futures, 20):
                    future.cancel()
                results = await asyncio.gather(*futures, return_exceptions=True)
                assert all(result is None or isinstance(result, asyncio.CancelledError) for result in results)
            assert await pool.run("last") is None
            assert "last" in ran  # perhaps before one that was cancelled while it ran
            assert pool.queue_size == 0

    run(main())


def test_cancel_of_submitted_against_start():
    ran = set()
    with WorkerPool(ran.add, 2) as pool:
        for batch in range(50):
            futures = [pool.submit((batch, x)) for x in range(40)]
            cancelled = [future.cancel() for future in futures]
            for x, (future, was_cancelled) in enumerate(zip(futures, cancelled, strict=True)):
                if was_cancelled:
                    assert (batch, x) not in ran
                else:
                    assert future.result(TIMEOUT) is None
                    assert (batch, x) in ran
        assert pool.queue_size == 0
        assert pool.completed == len(ran)


def test_timeout_against_end():
    def handler(task):
        time.sleep(task)
        return task

    with WorkerPool(handler, 2) as pool:
        futures = [pool.submit(0.001 * (x % 3), timeout=0.001) for x in range(300)]
        for future in futures:
            error = future.exception(TIMEOUT)
            assert error is None or isinstance(error, TimeoutError)
        assert pool.submit(0, timeout=TIMEOUT).result(TIMEOUT) == 0
        assert pool.queue_size == 0


def test_crash_against_submit(in_threads):
    def handler(task):
        if task % 5 == 0:
            sys.exit(task)
        return task

    with WorkerPool(handler, 2) as pool:

        def submit():
            for task in range(60):
                if task % 5:
                    assert pool.submit(task).result(TIMEOUT) == task
                else:
                    assert isinstance(pool.submit(task).exception(TIMEOUT), WorkerLost)

        in_threads(submit, 3)


def test_idle_timeout_against_submit(in_threads):
    with WorkerPool(lambda x: x, min_workers=0, max_workers=2, idle_timeout=0.0001) as pool:

        def submit():
            for task in range(300):
                assert pool.submit(task).result(TIMEOUT) == task
                if task % 3 == 0:
                    time.sleep(0.0001 * (task % 4))

        in_threads(submit, 3)
        assert pool.completed == 900


def test_broadcast_against_workers_that_end(in_threads):
    with WorkerPool(lambda x: x, min_workers=0, max_workers=3, idle_timeout=0.0001) as pool:

        def use():
            for task in range(100):
                assert pool.submit(task).result(TIMEOUT) == task
                assert set(pool.broadcast("x")) <= {"x"}

        in_threads(use, 3)


def in_a_process(source):
    """What a program prints that has a pool."""
    program = "import os, sys, threading, time\nfrom threadpool.worker import WorkerPool\n" + textwrap.dedent(source)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr


def test_the_interpreter_ends_with_a_pool_in_use():
    out, err = in_a_process("""
        pool = WorkerPool(lambda task: time.sleep(600), 2)
        futures = [pool.submit(x) for x in range(4)]
        waiting = threading.Thread(target=lambda: print(type(futures[3].exception()).__name__))
        waiting.start()
        while not futures[0].running():
            pass
    """)
    assert out == ["RuntimeError"]
    assert not err


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_a_forked_child_has_the_pool():
    out, _ = in_a_process("""
        import warnings
        warnings.simplefilter("ignore")
        gate = threading.Event()
        pool = WorkerPool(lambda task: gate.wait() if task == "wait" else (task, os.getpid()), 2)
        futures = [pool.submit("wait") for _ in range(4)]
        child = os.fork()
        if not child:
            assert pool.workers == 0 and pool.queue_size == 0
            assert [pool.submit(x).result(60) for x in range(10)] == [(x, os.getpid()) for x in range(10)]
            pool.close().result(60)
            print("child")
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        gate.set()
        assert status == 0
        assert all(future.result(60) for future in futures)
        print("parent")
    """)
    assert out == ["child", "parent"]


def test_an_exception_of_a_signal_reaches_a_loop_with_a_backlog():
    out, _ = in_a_process("""
        import asyncio, signal

        async def main():
            with WorkerPool(lambda x: x, 1) as pool:
                futures = [pool.run(x) for x in range(20000)]
                signal.raise_signal(signal.SIGINT)
                await asyncio.gather(*futures)

        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted")
    """)
    assert out == ["interrupted"]


@pytest.mark.thread_unsafe(reason="changes how all pools wake workers")
@pytest.mark.parametrize(("owner", "name"), [(Crew, "wake_waiting"), (LoopTasks, "wake")])
def test_an_interruption_as_a_worker_is_woken_leaves_no_task_behind(monkeypatch, owner, name):
    """Nobody else would wake it, for this task and for all that follow."""
    wake = getattr(owner, name)

    async def handler(task):
        return task

    def interrupted(self):
        monkeypatch.undo()
        raise KeyboardInterrupt

    with WorkerPool(handler, 1) as pool:
        pool.submit(0).result(TIMEOUT)
        while not pool._crew._waiting:
            time.sleep(0)
        monkeypatch.setattr(owner, name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            pool.submit(1)
        assert getattr(owner, name) is wake
        assert pool.submit(2).result(TIMEOUT) == 2


@pytest.mark.thread_unsafe(reason="changes how all pools start workers")
def test_an_interruption_while_a_worker_starts_is_raised(monkeypatch):
    def start(worker, name):
        raise KeyboardInterrupt

    with WorkerPool(abs, min_workers=0, max_workers=1) as pool:
        monkeypatch.setattr(PoolWorker, "start", start)
        with pytest.raises(KeyboardInterrupt):
            pool.submit(-1)
        monkeypatch.undo()
        assert pool.submit(-2).result(TIMEOUT) == 2
