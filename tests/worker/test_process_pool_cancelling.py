"""WorkerPool(runtime="process"): tasks that are cancelled, or take too long, and what does not end by that."""

import asyncio

import pool_handlers as handlers
import pytest

from threadpool.errors import WorkerCrashed, WorkerLost

from .conftest import TIMEOUT, HeldDeadlines, process_pool, run

pytestmark = pytest.mark.thread_unsafe(reason="starts processes, which meet at one door")


@pytest.fixture
def patience(monkeypatch):
    """A process has long to unwind before it is killed."""
    monkeypatch.setattr("threadpool.worker.pool._task.UNWIND_SECONDS", 600)


async def visitor_at(door):
    return await asyncio.to_thread(door.visitor)


def test_a_task_that_has_not_started_never_does(door):
    async def main():
        with process_pool(handlers.do) as pool:
            first, second = pool.run(("visit", door.address)), pool.run(("die", 1))
            visitor = await visitor_at(door)
            assert second.cancel()
            assert pool.queue_size == 0
            visitor.let_go()
            assert await first == b"!"
            assert await pool.run(("pid", None)) == visitor.pid
            assert (pool.completed, pool.failed) == (2, 0)

    run(main())


@pytest.mark.parametrize(
    ("target", "how"),
    [
        *((handlers.stay, how) for how in ("ask", "loop", "sleep")),
        *((handlers.stay_awaiting, how) for how in ("ask", "sleep")),
    ],
)
def test_a_handler_is_told_and_interrupted(door, patience, target, how):
    """One ends as it sees that it is cancelled; the others are interrupted, even in the midst of time.sleep."""

    async def main():
        with process_pool(target) as pool:
            future = pool.run((how, door.address))
            visitor = await visitor_at(door)
            visitor.let_go()
            future.cancel()
            with pytest.raises(asyncio.CancelledError):
                await future
            assert (await visitor_at(door)).told == "True"
            assert await pool.run(("pid", None)) == visitor.pid
            assert (pool.completed, pool.failed) == (1, 0)

    run(main())


@pytest.mark.parametrize("how", ["ask", "sleep"])
def test_a_timeout(door, patience, how):
    with process_pool(handlers.stay) as pool:
        deadlines = HeldDeadlines(pool)
        future = pool.submit((how, door.address), timeout=0.01)
        visitor = door.visitor()
        deadlines.let_go()
        with pytest.raises(TimeoutError, match="has not ended within"):
            future.result(TIMEOUT)
        visitor.let_go()
        assert door.visitor().told == "True"
        assert pool.submit(("pid", None), timeout=TIMEOUT).result(TIMEOUT) == visitor.pid


def test_what_cannot_be_interrupted_is_ended_with_its_process(door):
    async def main():
        with process_pool(handlers.stay) as pool:
            future = pool.run(("stubborn", door.address))
            visitor = await visitor_at(door)
            visitor.let_go()
            waiting = pool.run(("pid", None))
            future.cancel()
            assert await waiting != visitor.pid
            with pytest.raises(asyncio.CancelledError):
                await future
            deadlines = HeldDeadlines(pool)
            late = pool.run(("stubborn", door.address), timeout=0.01)
            (await visitor_at(door)).let_go()
            deadlines.let_go()
            with pytest.raises(TimeoutError):
                await late
            assert await pool.run(("pid", None))
            assert (pool.completed, pool.failed) == (2, 0)

    run(main())


def test_others_in_that_process_are_lost(door):
    async def main():
        with process_pool(handlers.stay_awaiting, concurrent_tasks_per_worker=2) as pool:
            innocent = pool.run(("sleep", door.address))
            (await visitor_at(door)).let_go()
            guilty = pool.run(("stubborn", door.address))
            (await visitor_at(door)).let_go()
            waiting = pool.run(("pid", None))
            guilty.cancel()
            with pytest.raises(WorkerLost) as caught:
                await innocent
            assert isinstance(caught.value.__cause__, WorkerCrashed)
            assert caught.value.__cause__.exit_code == -9
            assert await waiting
            assert guilty.cancelled()

    run(main())
