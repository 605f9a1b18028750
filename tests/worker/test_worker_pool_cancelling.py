"""WorkerPool: tasks that are cancelled, or take too long."""

import asyncio
import queue
import threading
import time

import pytest

import threadpool
from threadpool.worker import WorkerPool

from .conftest import TIMEOUT, HeldDeadlines, run


# Functions, as the jump at the end of a loop is not part of a try statement around it, says Python's compiler.
def wait_until_cancelled():
    while not threadpool.cancelled():
        pass


def wait_for_ever():
    while True:
        time.sleep(0.001)


class Scene:
    """A handler that tells how far it is, and does what the task says.

    By queues, as an Event would stay locked when it is interrupted while it is set.
    """

    def __init__(self):
        self.started, self.ended = queue.SimpleQueue(), queue.SimpleQueue()
        self.gate = threading.Event()
        self.calls = []

    def __call__(self, task):
        self.calls.append(task)
        self.started.put(None)
        try:
            if task == "wait":
                self.gate.wait(TIMEOUT)
            if task == "until cancelled":
                wait_until_cancelled()
            if task == "for ever":
                wait_for_ever()
            return task, threadpool.cancelled()
        finally:
            self.ended.put(None)

    async def has(self, event):
        await asyncio.to_thread(event.get, timeout=TIMEOUT)


def test_a_task_that_has_not_started_never_does():
    scene = Scene()

    async def main():
        with WorkerPool(scene, 1) as pool:
            first, second = pool.run("wait"), pool.run("never")
            await scene.has(scene.started)
            assert pool.queue_size == 1
            assert second.cancel()
            assert pool.queue_size == 0
            assert not second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second
            scene.gate.set()
            assert await first == ("wait", False)
            assert await pool.run("next") == ("next", False)
            assert scene.calls == ["wait", "next"]
            assert (pool.completed, pool.failed) == (2, 0)

    run(main())


def test_cancelled_is_true_in_a_running_task_at_once():
    scene = Scene()

    async def main():
        with WorkerPool(scene, 1) as pool:
            future = pool.run("until cancelled")
            await scene.has(scene.started)
            future.cancel()
            await scene.has(scene.ended)
            assert await pool.run("next") == ("next", False)

    run(main())


def test_python_code_is_interrupted_and_the_worker_goes_on():
    scene = Scene()

    async def main():
        with WorkerPool(scene, 1) as pool:
            future = pool.run("for ever")
            await scene.has(scene.started)
            future.cancel()
            await scene.has(scene.ended)
            assert await pool.run("next") == ("next", False)
            assert pool.workers == 1

    run(main())


def test_a_handler_that_goes_on_after_the_interruption_is_interrupted_again():
    interruptions, trying = [], queue.SimpleQueue()

    def handler(task):
        while task == "stubborn" and len(interruptions) < 2:
            try:
                trying.put(task)
                wait_for_ever()
            except asyncio.CancelledError as error:
                interruptions.append(error)
        return task

    async def main():
        with WorkerPool(handler, 1) as pool:
            deadlines = HeldDeadlines(pool)
            future = pool.run("stubborn", timeout=0.01)
            trying.get(timeout=TIMEOUT)
            deadlines.let_go()
            with pytest.raises(TimeoutError):
                await future
            assert await pool.run("next") == "next"
            assert len(interruptions) == 2

    run(main())


def test_a_timeout_counts_from_the_start():
    async def is_done_within(timeout):
        scene = Scene()
        with WorkerPool(scene, 1) as pool:
            first = pool.run("wait")
            await scene.has(scene.started)
            second = pool.run("next", timeout=timeout)
            await asyncio.sleep(1.5 * timeout)  # longer than that, in the queue
            scene.gate.set()
            assert await first == ("wait", False)
            try:
                return await second == ("next", False)
            except TimeoutError:
                return False

    async def main():
        for timeout in (0.3, 2, 10):  # a loaded machine may need longer to call a handler
            if await is_done_within(timeout):
                return
        pytest.fail("counted from the submission")

    run(main())


@pytest.mark.parametrize("task", ["until cancelled", "for ever"])
def test_a_timeout(task):
    scene = Scene()

    async def main():
        with pytest.raises(TimeoutError, match="has not ended within"):
            await pool.run(task, timeout=0.02)
        assert await pool.run("next", timeout=TIMEOUT) == ("next", False)

    with WorkerPool(scene, 1) as pool:
        with pytest.raises(TimeoutError):
            pool.submit(task, timeout=0.02).result(TIMEOUT)
        assert pool.submit("next", timeout=TIMEOUT).result(TIMEOUT) == ("next", False)
        run(main())
        assert pool.completed == 2


def test_timeouts_of_different_length():

    def handler(event):
        assert not event.wait(TIMEOUT)

    events = [threading.Event() for _ in range(4)]
    with WorkerPool(handler, 4) as pool:
        futures = [
            pool.submit(event, timeout=timeout) for event, timeout in zip(events, (20, 0.1, 0.05, 0.2), strict=True)
        ]
        for future in futures[1:]:
            with pytest.raises(TimeoutError):
                future.result(TIMEOUT)
        assert not futures[0].done()
        for event in events:
            event.set()
        assert isinstance(futures[0].exception(TIMEOUT), AssertionError)


def test_cancel_of_a_submitted_future_is_that_of_concurrent_futures():
    scene = Scene()

    with WorkerPool(scene, 1) as pool:
        first, second = pool.submit("wait"), pool.submit("never")
        scene.started.get(timeout=TIMEOUT)
        assert not first.cancel()
        assert second.cancel()
        scene.gate.set()
        assert first.result(TIMEOUT) == ("wait", False)
        assert pool.submit("next").result(TIMEOUT) == ("next", False)
        assert scene.calls == ["wait", "next"]


def test_wait_for_and_task_groups_cancel():
    scene = Scene()

    async def main():
        with WorkerPool(scene, 2) as pool:
            future = pool.run("until cancelled")
            await scene.has(scene.started)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(future, 0.01)
            await scene.has(scene.ended)
            gathering = asyncio.gather(pool.run("until cancelled"), pool.run("for ever"), pool.run("never"))
            await scene.has(scene.started)
            gathering.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gathering
            assert await pool.run("next") == ("next", False)

    run(main())


def test_callbacks_of_a_future():
    scene = Scene()

    async def main():
        with WorkerPool(scene, 1) as pool:
            told = []
            future = pool.run("a")
            removed = told.append
            future.add_done_callback(removed)
            future.add_done_callback(lambda done: told.append(done.result()))
            assert future.remove_done_callback(removed) == 1
            assert await future == ("a", False)
            assert told == [("a", False)]
            future.add_done_callback(told.append)
            await asyncio.sleep(0)
            assert told[1:] == [future]
            cancelled = pool.run("until cancelled")
            cancelled.add_done_callback(told.append)
            cancelled.cancel()
            assert told[2:] == []
            await asyncio.sleep(0)
            assert told[2:] == [cancelled]

    run(main())


def test_a_callback_that_raises_is_the_loops_affair():
    scene = Scene()

    async def main():
        told = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))
        with WorkerPool(scene, 1) as pool:
            future = pool.run("a")
            future.add_done_callback(lambda done: 1 // 0)
            assert await future == ("a", False)
            assert await pool.run("b") == ("b", False)
        assert [type(error) for error in told] == [ZeroDivisionError]

    run(main())
