"""WorkerPool(runtime="process"): what may happen at the same moment. Each future gets exactly one outcome."""

import asyncio
import contextlib
import os
import random
import signal
import threading

import pool_handlers as handlers
import pytest

from threadpool.errors import WorkerCrashed, WorkerLost
from threadpool.worker import WorkerPool

from .conftest import TIMEOUT, process_pool, run

pytestmark = pytest.mark.thread_unsafe(reason="starts processes, which meet at one door")


class Outcomes:
    """How often each future was answered, and with what."""

    def __init__(self):
        self.answers = []  # an entry for each
        self._told = threading.Semaphore(0)
        self.futures = []
        self.lost = 0

    def watch(self, future):
        future.add_done_callback(lambda future: (self.answers.append(id(future)), self._told.release()))
        self.futures.append(future)

    def check_counts(self):
        """Callbacks come after who waits is woken."""
        for _ in self.futures:
            assert self._told.acquire(timeout=TIMEOUT)
        assert sorted(self.answers) == sorted(map(id, self.futures))

    def check(self, is_lost=lambda error: False):
        """`is_lost(error)` may be instead of the result, which is (number, pid)."""
        for number, future in enumerate(self.futures):
            error = future.exception(TIMEOUT)
            if error is None:
                assert future.result()[0] == number
            else:
                assert is_lost(error), error
                self.lost += 1
        self.check_counts()


def by_kill(error):
    return type(error) is WorkerLost and isinstance(error.__cause__, WorkerCrashed) and error.__cause__.exit_code == -9


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # it was already
        pass


@pytest.mark.parametrize("concurrency", [1, 3])
def test_kills_at_random_moments(soak, concurrency):
    kills = soak(12, 200)
    outcomes = Outcomes()
    killed = set()
    with process_pool(handlers.pid, 2, concurrent_tasks_per_worker=concurrency) as pool:
        while len(killed) < kills:
            batch = [pool.submit(len(outcomes.futures) + number) for number in range(random.randrange(1, 60))]
            for future in batch:
                outcomes.watch(future)
            done = random.choice(batch)
            if not done.exception(TIMEOUT):
                kill(done.result()[1])
                killed.add(done.result()[1])
        pool.close().result(TIMEOUT)
        outcomes.check(by_kill)
        assert (pool.completed, pool.failed) == (len(outcomes.futures) - outcomes.lost, outcomes.lost)
        assert pool.queue_size == 0
    assert outcomes.lost <= kills * concurrency


def test_a_crash_while_tasks_wait(door):
    outcomes = Outcomes()
    with process_pool(handlers.do, 2) as pool:
        running = [pool.submit(("visit", door.address)) for _ in range(2)]
        visitors = [door.visitor() for _ in range(2)]
        waiting = [pool.submit(("pid", None)) for _ in range(30)]
        for future in running + waiting:
            outcomes.watch(future)
        for visitor in visitors:
            kill(visitor.pid)
        assert all(by_kill(future.exception(TIMEOUT)) for future in running)
        assert all(future.result(TIMEOUT) for future in waiting)
        outcomes.check_counts()


def test_a_crash_while_it_answers():
    with process_pool(handlers.same) as pool:
        for _ in range(5):
            future = pool.submit(handlers.Killer(20_000_000))
            queued = pool.submit("queued")
            errors = [each.exception(TIMEOUT) for each in (future, queued)]
            # The kill may come after the answer, when the next one is on its way.
            assert all(error is None or by_kill(error) for error in errors)
            assert None in errors


@pytest.fixture
def patience(monkeypatch):
    """No process is killed as it is slow to end a task."""
    monkeypatch.setattr("threadpool.worker.pool._task.UNWIND_SECONDS", 600)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_cancel_against_start_and_end(concurrency, patience):
    """While it is posted, while it runs and while it is answered."""

    async def main():
        with process_pool(handlers.pid, 2, concurrent_tasks_per_worker=concurrency) as pool:
            pids = set()
            for _ in range(30):
                futures = [pool.run(number) for number in range(20)]
                for future in random.sample(futures, 10):
                    await asyncio.sleep(0)
                    future.cancel()
                results = await asyncio.gather(*futures, return_exceptions=True)
                for number, result in enumerate(results):
                    if isinstance(result, asyncio.CancelledError):
                        assert futures[number].cancelled()
                    else:
                        assert result[0] == number
                        pids.add(result[1])
            assert len(pids) <= 2  # none was ended for a task that had ended by itself
            assert pool.queue_size == 0
            assert pool.failed == 0

    run(main())


def test_timeout_against_end(patience):
    with process_pool(handlers.pid, 2) as pool:
        pids = set(pool.broadcast(None))
        futures = [pool.submit(number, timeout=0.0002 * (number % 4)) for number in range(300)]
        for number, future in enumerate(futures):
            error = future.exception(TIMEOUT)
            assert isinstance(error, TimeoutError) if error else future.result()[0] == number
        assert set(pool.broadcast(None)) == pids


def test_destroy_against_crash(in_threads):
    for _ in range(6):
        outcomes = Outcomes()
        pool = process_pool(handlers.pid, 2)
        pids = {pid for _, pid in pool.broadcast(None)}
        for number in range(50):
            outcomes.watch(pool.submit(number))
        calls = [pool.destroy, *(lambda pid=pid: kill(pid) for pid in pids)]
        in_threads(lambda calls=calls: calls.pop()(), len(calls))
        pool.destroy().result(TIMEOUT)
        outcomes.check(lambda error: by_kill(error) or "destroyed" in str(error) or type(error) is WorkerLost)
        assert pool.workers == 0


def test_close_against_crash(in_threads):
    for _ in range(4):
        outcomes = Outcomes()
        pool = process_pool(handlers.pid, 2)
        pids = {pid for _, pid in pool.broadcast(None)}
        for number in range(50):
            outcomes.watch(pool.submit(number))
        calls = [pool.close, *(lambda pid=pid: kill(pid) for pid in pids)]
        in_threads(lambda calls=calls: calls.pop()(), len(calls))
        outcomes.check(by_kill)
        pool.close().result(TIMEOUT)
        assert outcomes.lost <= 2


def test_a_start_up_that_fails_against_submit(in_threads, tmp_path):
    path = tmp_path / "handlers_that_fail.py"
    path.write_text("raise KeyError('start-up')")
    for _ in range(3):
        pool = process_pool(path, 2)
        outcomes = Outcomes()

        def submit(pool=pool, outcomes=outcomes):
            with contextlib.suppress(KeyError):
                for _ in range(200):
                    outcomes.watch(pool.submit(1))

        in_threads(submit, 2)
        outcomes.check(lambda error: type(error) is KeyError)
        assert outcomes.lost == len(outcomes.futures)
        pool.close().result(TIMEOUT)


def test_idle_timeout_against_submit():
    with WorkerPool(handlers.pid, min_workers=0, max_workers=2, idle_timeout=0, runtime="process") as pool:
        outcomes = Outcomes()
        for number in range(40):
            outcomes.watch(pool.submit(number))
            if number % 4 == 0:
                outcomes.futures[-1].result(TIMEOUT)
        outcomes.check()
        assert pool.completed == 40
