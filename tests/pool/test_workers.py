"""The threads of a Pool: how they begin and end, broadcasts to them, and the queue that they work through."""

import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import as_completed, wait
from concurrent.futures.thread import BrokenThreadPool

import pytest

import threadpool
from threadpool import Pool, QueueFull

WAIT = 60


def python(program, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=WAIT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Held:
    """All workers of a pool are busy inside the `with`."""

    def __init__(self, pool, count):
        self.opened = threading.Event()
        barrier = threading.Barrier(count + 1)

        def hold():
            barrier.wait(WAIT)
            assert self.opened.wait(WAIT)
            return threadpool.current_worker()

        self.futures = [pool.submit(hold) for _ in range(count)]
        barrier.wait(WAIT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.opened.set()
        wait(self.futures, WAIT)


# Initializers


def test_the_initializer_runs_first_in_every_thread():
    local = threading.local()

    def initialize(value):
        local.value = value

    with Pool(3, initializer=initialize, initargs=("set",)) as pool:
        assert pool.broadcast(lambda: local.value) == ["set"] * 3
        assert pool.submit(lambda: local.value).result() == "set"
        assert pool.run(lambda _: local.value, range(100)) == ["set"] * 100
        assert list(pool.imap(lambda _: local.value, range(100))) == ["set"] * 100


CALLS = {
    "submit": lambda pool: pool.submit(abs, -1).result(WAIT),
    "run": lambda pool: pool.run(abs, range(10)),
    "map": lambda pool: list(pool.map(abs, range(10))),
    "imap": lambda pool: list(pool.imap(abs, range(10))),
    "imap_unordered": lambda pool: list(pool.imap_unordered(abs, range(10))),
    "broadcast": lambda pool: pool.broadcast(abs, -1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_initializer_that_fails_breaks_the_pool(call):
    error = ZeroDivisionError("of the initializer")

    def fail():
        raise error

    with Pool(2, initializer=fail) as pool:
        for _ in range(2):
            with pytest.raises(BrokenThreadPool, match="initializer") as caught:
                call(pool)
            assert caught.value.__cause__ is error


def test_an_initializer_that_fails_fails_what_was_pending():
    may_fail = threading.Event()

    def fail():
        assert may_fail.wait(WAIT)
        raise SystemExit

    with Pool(2, initializer=fail) as pool:
        futures = [pool.submit(abs, -n) for n in range(100)]
        futures[50].cancel()
        may_fail.set()
        errors = [future.exception(WAIT) for future in futures if not future.cancelled()]
        assert [type(error) for error in errors] == [BrokenThreadPool] * 99
        assert len({id(error) for error in errors}) == 99


def test_a_task_of_a_pool_with_initializer_may_wait_for_another_one():
    with Pool(1, initializer=lambda: None) as pool:
        assert pool.submit(lambda: pool.submit(threadpool.current_worker).result()).result(WAIT) == 0


def test_with_workers_1_an_initialized_thread_runs_items_in_order():
    with Pool(3, initializer=lambda: None) as pool:
        for _ in range(20):
            seen = []

            def item(i, seen=seen):
                seen.append((i, threadpool.current_worker()))
                return pool.submit(abs, -i)

            futures = pool.run(item, range(100), workers=1)
            assert [i for i, _ in seen] == [future.result(WAIT) for future in futures] == list(range(100))
            assert len({worker for _, worker in seen}) == 1
            del seen[:]
            with pytest.raises(ZeroDivisionError):
                pool.run(lambda i, seen=seen: seen.append(i) or 1 // (i - 50), range(100), workers=1)
            assert seen == list(range(51))


def test_no_two_threads_of_a_run_have_the_same_index():
    """Nor has its caller one, which is a thread of another pool."""
    with Pool(2) as pool, Pool(2) as other:

        def run():
            barrier = threading.Barrier(2)

            def item(i):
                if i < 2:
                    barrier.wait(WAIT)  # so two threads take part
                return threading.get_ident(), threadpool.current_worker()

            return set(other.run(item, range(16), chunk=1)), threadpool.current_worker(), threading.get_ident()

        for future in [pool.submit(run) for _ in range(20)]:
            found, own, caller = future.result(WAIT)
            assert own in (0, 1)
            assert len(found) == len({index for _, index in found})
            assert {index for thread, index in found if thread == caller} <= {None}
        # Inside an item of the other pool's thread that pool's index counts again.
        assert pool.submit(other.run, lambda _: other.submit(threadpool.current_worker).result(), range(9)).result(WAIT)


def test_a_task_that_a_thread_of_another_pool_runs_has_no_index():
    with Pool(1) as pool, Pool(4) as other, Held(pool, 1):

        def wait_for_it():
            before = threadpool.current_worker()
            return before, pool.submit(threadpool.current_worker).result(), threadpool.current_worker()

        before, inside, after = other.submit(wait_for_it).result(WAIT)
        assert before == after == 0
        assert inside is None
        results = list(
            other.submit(lambda: list(pool.imap(lambda _: threadpool.current_worker(), range(3)))).result(WAIT)
        )
        assert results == [None] * 3


# Beginning and end


def test_threads_start_when_they_are_needed():
    with Pool(4) as pool:
        assert pool.stats().workers == 0
        pool.submit(abs, -1).result()
        assert pool.stats().workers == 1
        with Held(pool, 4):
            assert pool.stats().workers == 4


def test_an_idle_thread_expires_and_the_next_task_starts_one():
    with Pool(2, idle_timeout=0) as pool:
        barrier, opened = threading.Barrier(2), threading.Event()

        def hold_the_second():
            barrier.wait(WAIT)
            assert threadpool.current_worker() == 0 or opened.wait(WAIT)
            return threading.current_thread()

        futures = [pool.submit(hold_the_second) for _ in range(2)]
        first = next(as_completed(futures)).result()
        first.join(WAIT)
        assert not first.is_alive()
        assert pool.stats().workers == 1
        # The second one is beyond the new width, and still there: that keeps the first place from nobody.
        pool.resize(1)
        assert pool.broadcast(threadpool.current_worker) == [0]
        assert pool.submit(threadpool.current_worker).result(WAIT) == 0
        opened.set()
        for future in futures:
            future.result().join(WAIT)
            assert not future.result().is_alive()


@pytest.mark.parametrize("naps", [0.0, 0.0005])
def test_no_task_is_lost_to_a_thread_that_expires(naps):
    ended = threading.Event()
    with Pool(2, idle_timeout=naps) as pool:
        for n in range(300):
            futures = [pool.submit(abs, -n), pool.submit(abs, -n)]
            ended.wait(naps * (n % 5))  # let threads expire, or be about to
            assert [future.result(WAIT) for future in futures] == [n, n]
            assert pool.broadcast(abs, -n) == [n, n]


def test_initialized_threads_do_not_expire():
    with Pool(1, initializer=lambda: None, idle_timeout=0) as pool:
        thread = pool.submit(threading.current_thread).result()
        assert not pool.submit(thread.join, 0.05).cancelled()  # some time passes
        assert pool.submit(threading.current_thread).result() is thread


def test_more_workers_take_what_is_queued():
    with Pool(1) as pool:
        barrier = threading.Barrier(4)
        futures = [pool.submit(barrier.wait, WAIT) for _ in range(4)]
        pool.resize(4)
        assert sorted(future.result(WAIT) for future in futures) == [0, 1, 2, 3]


def test_fewer_workers_lose_nothing():
    with Pool(4) as pool:
        with Held(pool, 4) as held:
            futures = [pool.submit(threadpool.current_worker) for _ in range(100)]
            pool.resize(1)
        assert {future.result(WAIT) for future in held.futures} == {0, 1, 2, 3}
        assert {future.result(WAIT) for future in futures} == {0}
        assert pool.broadcast(threadpool.current_worker) == [0]


def test_resizing_under_load():
    with Pool(2) as pool:
        futures = []
        for n in range(300):
            futures.append(pool.submit(abs, -n))
            pool.resize(1 + n % 5)
        assert [future.result(WAIT) for future in futures] == list(range(300))
        pool.resize(3)
        assert pool.broadcast(threadpool.current_worker) == [0, 1, 2]


@pytest.mark.thread_unsafe(reason="starts a process")
@pytest.mark.parametrize(
    "make",
    [
        "pool.run(lambda _: both.wait(30) is not None and Thing(), range(2), chunk=1)",
        "[pool.submit(Thing).result()]",
    ],
    ids=["run", "submit"],
)
def test_what_a_thread_made_is_freed_while_it_has_nothing_to_do(make):
    """On free-threaded builds only that thread can free it (biased reference counts)."""
    program = f"""
        import gc, threading, threadpool
        class Thing:
            def __init__(self):
                self.freed = freed
            def __del__(self):
                self.freed.release()
        gc.disable()
        both, tick = threading.Barrier(2), threading.Event()
        pool = threadpool.Pool(2)
        for attempt in range(3):  # the two seconds in which it wakes for this may pass before
            freed = threading.Semaphore(0)
            things = {make}
            count = len(things)
            while pool.stats().busy:
                tick.wait(0.001)
            del things
            if all([freed.acquire(timeout=5) for _ in range(count)]):
                print("freed")
                break
    """
    assert python(program) == "freed\n"


@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="needs the GIL")
@pytest.mark.thread_unsafe(reason="keeps the GIL")
def test_a_thread_that_waits_for_the_gil_has_not_joined_the_run():
    """Else the caller, having done all the items, would wait for one that does nothing."""
    tick = threading.Event()
    interval = sys.getswitchinterval()

    def item(_):
        guests = 0
        end = time.perf_counter() + 0.02  # for the other thread to wake, which here it cannot tell of
        while time.perf_counter() < end:
            guests = max(guests, pool._engine.open_loops()[0][2])
        return guests

    with Pool(2) as pool:
        pool.broadcast(abs, 1)
        sys.setswitchinterval(WAIT)  # the GIL is given away by those only that wait
        try:
            while pool.stats().busy:
                tick.wait(0.001)
            assert pool.run(item, range(3), chunk=1) == [0, 0, 0]
        finally:
            sys.setswitchinterval(interval)


# Broadcasts


def test_a_broadcast_runs_once_on_every_worker():
    with Pool(4) as pool:
        assert pool.broadcast(threadpool.current_worker) == [0, 1, 2, 3]
        barrier = threading.Barrier(4)
        assert sorted(pool.broadcast(barrier.wait, WAIT)) == [0, 1, 2, 3]


def test_a_broadcast_raises_when_all_have_done_it():
    done = []

    def fail_in_one():
        if threadpool.current_worker() == 1:
            raise ValueError
        done.append(threadpool.current_worker())

    with Pool(3) as pool:
        with pytest.raises(ValueError):
            pool.broadcast(fail_in_one)
        assert sorted(done) == [0, 2]


def test_broadcasts_of_two_threads_at_once(in_threads):
    with Pool(3) as pool:
        assert in_threads(lambda: pool.broadcast(threadpool.current_worker), 2) == [[0, 1, 2]] * 2


def test_a_broadcast_under_load():
    with Pool(2) as pool:
        futures = [pool.submit(sum, range(1000)) for _ in range(500)]
        for _ in range(20):
            assert pool.broadcast(threadpool.current_worker) == [0, 1]
        assert {future.result() for future in futures} == {499500}


# A queue with a limit


def test_a_full_queue_refuses():
    with Pool(1, name="small", max_queue=2, when_full="raise") as pool:
        with Held(pool, 1):
            futures = [pool.submit(abs, -1), pool.submit(abs, -2)]
            with pytest.raises(QueueFull, match="'small' is full: 2 tasks"):
                pool.submit(abs, -3)
            assert futures[0].cancel()
            futures.append(pool.submit(abs, -4))
        assert [future.result() for future in futures[1:]] == [2, 4]


@pytest.mark.parametrize("end", ["room", "cancel", "shutdown"])
def test_a_full_queue_makes_submit_wait(end):
    pool = Pool(1, max_queue=1)
    submitted = []

    def submit():
        try:
            submitted.append(pool.submit(abs, -2))
        except RuntimeError as error:
            submitted.append(error)

    with Held(pool, 1) as held:
        waiting = pool.submit(abs, -1)
        thread = threading.Thread(target=submit)
        thread.start()
        thread.join(0.05)  # it has very likely come to wait; the test holds otherwise too
        assert not submitted
        if end == "room":
            held.opened.set()
        elif end == "cancel":
            waiting.cancel()
        else:
            pool.shutdown(wait=False)
        thread.join(WAIT)
    if end == "shutdown":
        assert "was shut down" in str(submitted[0])
    else:
        assert submitted[0].result(WAIT) == 2
    pool.shutdown()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.thread_unsafe(reason="starts a process")
def test_ctrl_c_while_submit_waits():
    program = """
        import os, signal, threading, threadpool
        pool = threadpool.Pool(1, max_queue=1)
        held = threading.Event()
        pool.submit(held.wait), pool.submit(abs, -1)
        try:
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            while True:
                pool.submit(abs, -1)
        except KeyboardInterrupt:
            held.set()
            print(pool.submit(abs, -1).result())
    """
    assert python(program) == "1\n"
