"""What could hang, and does not: tasks that wait for tasks, pools that call each other, shutdowns, forks."""

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import CancelledError

import pytest

import threadpool
from threadpool import Pool

WAIT = 60

no_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def python(program):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=WAIT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Tasks that wait for tasks


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("options", [{}, {"initializer": abs, "initargs": (1,)}], ids=["", "initialized"])
def test_a_chain_of_tasks_that_wait_for_the_next_one(width, options):
    """They take no more of the stack than functions that call one another."""
    with Pool(width, **options) as pool:

        def chain(length):
            return 1 + pool.submit(chain, length - 1).result() if length else 0

        assert pool.submit(chain, 500).result(WAIT) == 500


def test_a_task_waits_for_an_exception():
    with Pool(1) as pool:
        assert pool.submit(lambda: type(pool.submit(abs, "").exception())).result(WAIT) is TypeError


@pytest.mark.parametrize("width", [1, 2, 8])
def test_tasks_that_start_and_wait_for_many(width):
    with Pool(width) as pool:

        def fibonacci(n):
            if n < 2:
                return n
            futures = [pool.submit(fibonacci, n - 1), pool.submit(fibonacci, n - 2)]
            return sum(future.result() for future in futures)

        assert pool.submit(fibonacci, 12).result(WAIT) == 144


@pytest.mark.parametrize("width", [1, 2, 8])
def test_runs_nested_to_the_recursion_limit(width):
    with Pool(width) as pool:

        def nest(depth):
            return pool.run(nest, [depth + 1, depth + 1])

        for call in (lambda: nest(0), lambda: pool.submit(nest, 0).result()):
            with pytest.raises(RecursionError):
                call()
        assert pool.run(abs, [-1]) == [1]
        assert pool.submit(abs, -1).result(WAIT) == 1


@pytest.mark.parametrize("widths", [(1, 1), (2, 1), (2, 2)], ids=str)
@pytest.mark.parametrize("limit", [None, 1], ids=["", "bounded"])
def test_pools_that_submit_to_each_other(widths, limit):
    with Pool(widths[0], max_queue=limit) as a, Pool(widths[1], max_queue=limit) as b:

        def call(pool, other, depth):
            if depth == 0:
                return 1
            futures = [other.submit(call, other, pool, depth - 1) for _ in range(3)]
            return sum(future.result() for future in futures)

        assert a.submit(call, a, b, 5).result(WAIT) == 3**5


@pytest.mark.parametrize("widths", [(1, 1), (2, 1), (2, 2)], ids=str)
def test_pools_that_run_on_each_other(widths, in_threads):
    with Pool(widths[0]) as a, Pool(widths[1]) as b:

        def call(pool, other, depth):
            if depth == 0:
                return 1
            return sum(other.run(lambda _: call(other, pool, depth - 1), range(3), chunk=1))

        def mixed(pool, other, depth):
            if depth == 0:
                return 1
            return sum(other.run(lambda _: other.submit(mixed, other, pool, depth - 1).result(), range(2), chunk=1))

        assert a.submit(call, a, b, 5).result(WAIT) == 3**5
        assert call(a, b, 5) == 3**5
        assert mixed(a, b, 5) == 2**5
        assert in_threads(lambda: call(a, b, 3) + call(b, a, 3), 2) == [2 * 3**3] * 2


def test_streams_inside_tasks():
    with Pool(1) as pool:
        assert pool.submit(lambda: sum(pool.imap(abs, range(100)))).result(WAIT) == 4950
        assert pool.submit(lambda: sum(pool.imap_unordered(abs, range(100)))).result(WAIT) == 4950
        assert pool.submit(lambda: sum(pool.map(abs, range(100)))).result(WAIT) == 4950


@pytest.mark.parametrize("limit", [1, 3])
def test_a_worker_submits_into_the_full_queue_of_its_pool(limit):
    with Pool(1, max_queue=limit) as pool:

        def submit_many():
            return [pool.submit(abs, -n) for n in range(50)]

        futures = pool.submit(submit_many).result(WAIT)
        assert [future.result(WAIT) for future in futures] == list(range(50))


def test_long_runs_let_tasks_through(in_threads):
    """All workers help with runs that are far from their end, and leave them for a task."""
    with Pool(2) as pool:
        helping, submitted, passed = threading.Barrier(3), threading.Event(), threading.Event()
        first = threading.Lock()
        helped = set()

        def item(_):
            worker = threadpool.current_worker()
            if worker in helped:
                assert passed.wait(WAIT)
            elif worker is not None:
                helped.add(worker)
                helping.wait(WAIT)
                assert submitted.wait(WAIT)
            else:
                if first.acquire(blocking=False):
                    helping.wait(WAIT)
                    pool.submit(passed.set)
                    submitted.set()
                assert passed.wait(WAIT)

        pool.broadcast(abs, 1)
        in_threads(lambda: pool.run(item, range(100), chunk=1), 2)


# Event loops


def test_a_task_that_awaits_a_run_on_its_own_pool():
    with Pool(1) as pool:
        task = pool.submit(lambda: asyncio.run(pool.run_async(abs, range(100))))
        assert task.result(WAIT) == list(range(100))


def test_a_task_that_awaits_tasks_of_its_own_pool_gets_one_thread_more():
    async def main():
        loop = asyncio.get_running_loop()
        held = threading.Event()
        futures = [loop.run_in_executor(pool, held.wait, WAIT) for _ in range(50)]
        workers = pool.stats().workers
        held.set()
        assert all(await asyncio.gather(*futures))
        # A thread more for a task of that thread that awaits, too.
        inner = pool.submit(lambda: asyncio.run(pool.run_async(abs, [-1])))
        assert await asyncio.wrap_future(inner) == [1]
        return workers

    for _ in range(3):
        with Pool(1) as pool:
            assert pool.submit(lambda: asyncio.run(main())).result(WAIT) == 2
            assert pool.broadcast(threadpool.current_worker) == [0]


def test_one_pool_and_two_event_loops(in_threads):
    async def main():
        loop = asyncio.get_running_loop()
        results = await asyncio.gather(*[loop.run_in_executor(pool, abs, -n) for n in range(50)])
        return results, await pool.run_async(abs, range(50))

    with Pool(2) as pool:
        assert in_threads(lambda: asyncio.run(main()), 2) == [(list(range(50)), list(range(50)))] * 2


# Calls that would wait for the thread that makes them


@pytest.mark.parametrize("method", ["shutdown", "resize", "broadcast"])
def test_a_worker_may_not_wait_for_its_own_pool(method):
    arguments = {"shutdown": (), "resize": (1,), "broadcast": (abs, 1)}[method]
    with Pool(2) as pool:
        barrier = threading.Barrier(2)

        def call():
            barrier.wait(WAIT)  # both at once
            getattr(pool, method)(*arguments)

        for future in [pool.submit(call) for _ in range(2)]:
            with pytest.raises(RuntimeError, match=method):
                future.result(WAIT)
        assert pool.submit(abs, -1).result(WAIT) == 1


def test_a_task_may_shut_its_pool_down_without_waiting():
    pool = Pool(1)
    pool.submit(pool.shutdown, wait=False).result(WAIT)
    with pytest.raises(RuntimeError, match="was shut down"):
        pool.submit(abs, 1)
    pool.shutdown()
    assert pool.stats().workers == 0


# Shutdowns


@pytest.mark.parametrize("cancel", [False, True], ids=["", "cancel"])
def test_a_task_submitted_during_a_shutdown_runs_or_is_refused(cancel):
    for _ in range(50):
        pool, futures, refused = Pool(2), [], threading.Event()
        begun = threading.Barrier(5)
        ran = []

        def submit(pool=pool, futures=futures, ran=ran, begun=begun, refused=refused):
            begun.wait(WAIT)
            try:
                while True:
                    futures.append(pool.submit(ran.append, 1))
            except RuntimeError as error:
                if "was shut down" in str(error):
                    refused.set()

        threads = [threading.Thread(target=submit) for _ in range(4)]
        for thread in threads:
            thread.start()
        begun.wait(WAIT)
        pool.shutdown(cancel_futures=cancel)
        for thread in threads:
            thread.join(WAIT)
        assert refused.is_set()
        cancelled = 0
        for future in futures:
            try:
                future.result(WAIT)
            except CancelledError:
                cancelled += 1
        assert len(ran) == len(futures) - cancelled
        assert cancel or not cancelled


# Forks


@no_fork
@pytest.mark.thread_unsafe(reason="starts a process")
def test_pools_in_a_forked_child():
    program = """
        import os, warnings, threading, threadpool
        warnings.simplefilter("ignore", DeprecationWarning)
        pool, initialized = threadpool.Pool(2), threadpool.Pool(1, initializer=abs, initargs=(1,))
        held = threading.Event()
        def use(pool):
            assert pool.submit(abs, -1).result(30) == 1
            assert pool.run(abs, range(100)) == list(range(100))
            assert pool.broadcast(threadpool.current_worker) in ([0], [0, 1])
        def fork():
            child = os.fork()
            if not child:
                try:
                    use(pool), use(initialized)
                    pool.shutdown(), initialized.shutdown()
                    assert not queued.cancel() or queued.cancelled()
                    os._exit(0)
                finally:
                    os._exit(1)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        use(pool), use(initialized)
        queued = initialized.submit(held.wait)
        assert fork() == 0
        assert pool.submit(fork).result() == 0
        assert pool.run(lambda _: fork(), range(4), chunk=1) == [0] * 4
        held.set()
        use(pool), use(initialized)
    """
    assert python(program) == ""


@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
def test_who_waits_for_an_item_of_a_stream_meanwhile_does_others(name):
    started, second = threading.Event(), threading.Event()

    def numbers():
        yield 0
        assert started.wait(WAIT)  # the pool's only thread is at it
        yield from range(1, 20)

    def item(i):
        if i == 0:
            started.set()
            assert second.wait(WAIT)
        second.set()
        return i

    with Pool(1) as pool:
        assert sorted(getattr(pool, name)(item, numbers())) == list(range(20))


@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
def test_who_did_an_item_of_a_stream_does_no_more_once_the_threads_come_again(name):
    # Where the pool's thread does not come for half a second, the consumer rightly does more: once more, then.
    assert [1] in (items_of_the_consumer(name) for _ in range(20))


def items_of_the_consumer(name):
    started, second, third, helped = (threading.Event() for _ in range(4))
    consumers = []

    def numbers():
        yield 0
        assert started.wait(WAIT)
        yield from range(1, 20)

    def item(i):
        if threadpool.current_worker() is None:
            consumers.append(i)
        if i == 0:
            started.set()
            assert second.wait(WAIT)
        elif i == 1:
            second.set()
            assert third.wait(WAIT)  # the pool's thread has ended an item, and is at another
        elif i == 2:
            third.set()
            helped.wait(0.1)
        elif i in consumers:
            helped.set()
        return i

    with Pool(1) as pool:
        assert sorted(getattr(pool, name)(item, numbers())) == list(range(20))
    return consumers


@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
def test_a_thread_of_another_pool_does_the_items_of_its_streams_at_once(name):
    """It would take minutes if each stream waited for the thread that waits for it."""
    with Pool(1) as one, Pool(1) as two:
        started = threading.Event()

        def stream_through_two():
            assert started.wait(WAIT)
            return [sum(getattr(two, name)(abs, range(10))) for _ in range(300)]

        def wait_for_one():
            future = one.submit(stream_through_two)
            started.set()
            return future.result(WAIT)

        assert two.submit(wait_for_one).result() == [45] * 300


# Threads that wait for the interpreter


def test_other_threads_get_the_gil_while_a_run_goes_on():
    started, stop = threading.Event(), False

    def other():
        nonlocal stop
        started.wait()
        stop = True

    def item(i):
        started.set()
        for _ in range(0 if stop else 100):
            sum(range(100))
        return stop

    thread = threading.Thread(target=other)
    thread.start()
    results = threadpool.run(item, range(200_000), workers=1, chunk=1)  # seconds, until it stops
    thread.join()
    assert True in results


@pytest.mark.parametrize("chunk", [None, 50])
def test_a_function_in_c_holds_up_neither_other_threads_nor_the_garbage_collector(chunk):
    started, numbers = threading.Event(), [0] * 2_000

    class First:
        def __iter__(self):
            started.set()
            return iter(())

    def other():
        started.wait()
        gc.collect()
        numbers[:] = [1]

    thread = threading.Thread(target=other)
    thread.start()
    # Seconds, until the numbers are few: time enough for a thread that other programs keep from its core.
    sums = threadpool.run(sum, [First()] + [numbers] * 500_000, chunk=chunk)
    thread.join()
    assert set(sums) == {0, 1}
