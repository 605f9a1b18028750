"""What ends a run early: timeouts, failures, Ctrl-C; and what items see of it."""

import os
import subprocess
import sys
import textwrap
import threading

import numpy
import pytest

import threadpool
from threadpool import Pool, cancelled, hashing

WAIT = 30


def square(x):
    return x * x


def wait_until_cancelled():
    """In an item. False: it was not within some time."""
    tick = threading.Event()
    for _ in range(200 * WAIT):
        if cancelled():
            return True
        tick.wait(0.005)
    return False


# Timeouts


@pytest.mark.parametrize("workers", [1, None])
@pytest.mark.parametrize("chunk", [None, 1, 100])
@pytest.mark.parametrize("errors", ["raise", "group", "return"])
def test_nothing_starts_after_the_timeout(workers, chunk, errors):
    """Every item lasts until the timeout, so a thread starts one at the most."""
    started = []
    ended = []

    def item(i):
        started.append(i)
        assert wait_until_cancelled()
        ended.append(i)

    with Pool(2) as pool:
        with pytest.raises(TimeoutError, match=r"timed out after 0\.02 s: . of 100 items were done"):
            pool.run(item, range(100), timeout=0.02, workers=workers, chunk=chunk, errors=errors)
        assert len(started) <= 2
        assert len(ended) == len(started)
        assert pool.run(square, range(10), timeout=60) == [x * x for x in range(10)]


@pytest.mark.parametrize("timeout", [0, -1, 0.0, float("-inf")])
def test_no_time_at_all(timeout):
    started = []
    with pytest.raises(TimeoutError, match="0 of 10 items were done"):
        threadpool.run(started.append, range(10), timeout=timeout)
    assert started == []
    with pytest.raises(TimeoutError):
        threadpool.run(hashing.sha256, [b"x"] * 10, timeout=timeout)


@pytest.mark.parametrize("timeout", [1e300, float("inf"), 60, numpy.float32(60)])
def test_all_the_time(timeout):
    assert threadpool.run(square, range(1000), timeout=timeout) == [x * x for x in range(1000)]
    assert threadpool.run(hashing.sha256, [b"x"] * 1000, timeout=timeout) == [hashing.sha256(b"x")] * 1000


@pytest.mark.parametrize("timeout", [10**400, 1e300, float("inf")])
def test_a_timeout_of_any_length_is_for_ever(timeout):
    assert threadpool.run(abs, [-1], timeout=timeout) == [1]
    with pytest.raises(TimeoutError):
        threadpool.run(abs, [-1], timeout=-timeout)


def test_a_run_of_nothing_is_never_late():
    for data in ([], range(0), numpy.zeros(0)):
        assert threadpool.run(abs, data, timeout=0) == []


@pytest.mark.parametrize(
    ("timeout", "error", "words"),
    [
        (float("nan"), ValueError, "timeout must be a number of seconds, not NaN"),
        ("soon", TypeError, "timeout must be a number of seconds, not 'str'"),
        ([], TypeError, "timeout must be a number of seconds, not 'list'"),
    ],
)
def test_a_bad_timeout_is_named(timeout, error, words):
    with pytest.raises(error, match=words):
        threadpool.run(square, [1], timeout=timeout)


def test_a_timeout_names_the_failure_that_came_before_it():
    failed = []

    def item(i):
        if i == 1:
            failed.append(i)
            raise ValueError
        assert wait_until_cancelled()

    with Pool(2) as pool:
        for attempt in range(8):  # with ever more time for the second item to come before the end of it
            with pytest.raises(TimeoutError) as caught:
                pool.run(item, range(2), timeout=0.02 * 3**attempt, chunk=1)
            if failed:
                break
    assert isinstance(caught.value.__context__, ValueError)
    assert caught.value.__context__.__notes__ == ["threadpool: item 1 of the run"]


def test_a_kernel_stops_at_the_timeout():
    data = [bytes(10_000)] * 20_000
    with pytest.raises(TimeoutError, match=r"(\d+) of 20000 items were done"):
        threadpool.run(hashing.sha256, data, timeout=1e-6)


@pytest.mark.parametrize("workers", [1, None])
def test_items_of_nested_runs_see_the_timeout_of_the_outer_one(workers):
    saw = []

    def inner(_):
        saw.append(wait_until_cancelled())

    def outer(_):
        threadpool.run(inner, range(2), chunk=1)

    with pytest.raises(TimeoutError):
        threadpool.run(outer, range(2), chunk=1, timeout=0.02, workers=workers)
    assert saw == [True] * len(saw)


def test_a_timeout_of_an_inner_run_is_an_error_of_the_outer_item():
    def inner(_):
        assert wait_until_cancelled()

    def outer(i):
        if i == 3:
            threadpool.run(inner, range(3), timeout=0.01)
        return cancelled()

    with pytest.raises(TimeoutError) as caught:
        threadpool.run(outer, range(4))
    assert caught.value.__notes__ == ["threadpool: item 3 of the run"]


# cancelled()


def test_nothing_is_cancelled_outside_of_items():
    assert not cancelled()
    with Pool(1) as pool:
        assert pool.submit(cancelled).result() is False
        assert pool.run(lambda _: cancelled(), range(100)) == [False] * 100
        assert list(pool.imap(lambda _: cancelled(), range(100))) == [False] * 100
    with pytest.raises(TimeoutError):
        threadpool.run(square, [1], timeout=0)
    assert not cancelled()


def test_a_failure_at_a_lower_index_cancels_those_above_and_not_those_below():
    saw = {}
    with Pool(3) as pool:
        everybody = threading.Barrier(3)
        seen = threading.Event()

        def item(i):
            everybody.wait(WAIT)
            if i == 1:
                raise ValueError(i)
            if i == 2:
                saw[i] = wait_until_cancelled()
                seen.set()
            else:
                assert seen.wait(WAIT)
                saw[i] = cancelled()

        with pytest.raises(ValueError):
            pool.run(item, range(3), chunk=1)
    assert saw == {0: False, 2: True}


def test_failures_that_are_kept_cancel_nothing():
    both = threading.Barrier(2)

    def item(i):
        both.wait(WAIT)
        if i == 0:
            raise ValueError
        return cancelled()

    with Pool(2) as pool:
        results = pool.run(item, range(2), chunk=1, errors="return")
    assert results[1] is False


def test_a_failure_of_an_outer_run_reaches_items_of_a_nested_one():
    saw = []
    inside = threading.Event()

    def inner(_):
        inside.set()
        saw.append(wait_until_cancelled())

    def outer(i):
        if i == 0:
            assert inside.wait(WAIT)
            raise ValueError
        pool.run(inner, range(1))

    with Pool(2) as pool, pytest.raises(ValueError):  # of two threads, also where there is one core
        pool.run(outer, range(2), chunk=1)
    assert saw == [True]


def test_a_cancelled_inner_run_does_not_cancel_the_outer_one():
    def outer(_):
        with pytest.raises(TimeoutError):
            threadpool.run(lambda _: wait_until_cancelled(), range(2), timeout=0.005)
        return cancelled()

    assert threadpool.run(outer, range(4)) == [False] * 4


def test_a_submitted_task_is_no_part_of_the_run_that_waits_for_it():
    with Pool(1) as pool:

        def item(_):
            assert wait_until_cancelled()
            # Run by the waiting thread itself, should that be the pool's.
            return seen.append(pool.submit(cancelled).result())

        seen = []
        with pytest.raises(TimeoutError):
            pool.run(item, range(2), timeout=0.01)
    assert seen == [False] * len(seen)


# KeyboardInterrupt


@pytest.mark.parametrize("errors", ["raise", "group", "return"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_raised_by_a_thread_of_the_pool(errors, error):
    both = threading.Barrier(2)
    saw = []

    def item(i):
        both.wait(WAIT)
        if threading.current_thread().name.startswith("interrupted"):
            raise error
        saw.append(wait_until_cancelled())

    with Pool(2, name="interrupted") as pool:
        with pytest.raises(error):
            # A pool of two threads and this one, of which only two are in the run.
            pool.run(item, range(1000), chunk=1, errors=errors, workers=2)
        assert saw == [True] * len(saw)
        assert pool.run(square, range(100)) == [x * x for x in range(100)]


CTRL_C = """
    import os, signal, threading, threadpool
    from threadpool import Pool
    main = threading.get_ident()
    both = threading.Barrier(2)
    handled = threading.Event()
    def handler(*arguments):
        handled.set()
        signal.default_int_handler(*arguments)
    signal.signal(signal.SIGINT, handler)
    def press():
        os.kill(os.getpid(), signal.SIGINT)
    started = []
    def by_caller(i):
        started.append(i)
        both.wait(30)
        if threading.get_ident() == main:
            press()
            while True:
                pass
        while not threadpool.cancelled():
            pass
    def by_worker(i):
        started.append(i)
        both.wait(30)
        if threading.get_ident() != main:
            press()
            assert handled.wait(30)
            while not threadpool.cancelled():
                pass
        # the caller goes on to wait for the worker
    def alone(i):
        started.append(i)
        press()
        assert handled.wait(30)
        while not threadpool.cancelled():
            pass
    def stream(fn, data):
        for _ in Pool(1).imap_unordered(fn, data, window=8):
            pass
    def initialized(fn, data):
        with Pool(1, initializer=abs, initargs=(1,)) as pool:
            pool.run(fn, data)
    def starting(fn, data):
        # While the thread that was started for it waits to be seen, which is what Thread.start waits for.
        start = threading.Thread.start
        def interrupted_start(thread):
            start(thread)
            raise KeyboardInterrupt
        threading.Thread.start = interrupted_start
        try:
            with Pool(1) as pool:
                pool.submit(abs, 1)
        finally:
            threading.Thread.start = start
    def watched(fn, data):
        threadpool.run(fn, data, progress=lambda done, total: None)
    def asynchronous(fn, data):
        import asyncio
        asyncio.run(threadpool.run_async(fn, data, workers=1))
    try:
        {call}
    except KeyboardInterrupt:
        assert len(started) <= 3, started
        assert threadpool.run(abs, range(-100, 0)) == list(range(100, 0, -1))
        assert list(threadpool.imap(abs, range(-9, 0))) == list(range(9, 0, -1))
        print("interrupted")
"""


@pytest.mark.thread_unsafe(reason="a process of its own")
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(
    "call",
    [
        "threadpool.run(by_caller, range(1000), chunk=1)",
        "threadpool.run(by_caller, range(1000), chunk=1, errors='return')",
        "threadpool.run(by_worker, range(2), chunk=1)",
        "threadpool.run(by_worker, range(2), chunk=1, errors='return')",
        "initialized(alone, range(1000))",
        "watched(alone, range(1))",
        "stream(by_caller, range(1000))",
        "stream(alone, range(1000))",
        "asynchronous(alone, range(1000))",
        "starting(alone, range(1000))",
    ],
)
def test_ctrl_c(call):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CTRL_C.format(call=call))],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "THREADPOOL_WORKERS": "2"},
    )
    assert done.stdout == "interrupted\n", done.stderr


@pytest.mark.thread_unsafe(reason="a process of its own")
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_while_a_kernel_runs(workers, library_path):
    """The first item sends the signal. The others take minutes: longer than a thread is kept from seeing it."""
    program = f"""
        import ctypes, numpy, signal, threadpool
        send = threadpool.kernel(ctypes.CDLL({library_path!r}).send_or_sleep, argument="i4", result="i4")
        signals = numpy.zeros(300_000, "i4")
        signals[0] = signal.SIGINT
        pool = threadpool.Pool({workers})
        try:
            pool.run(send, signals)
        except KeyboardInterrupt:
            assert pool.stats().cancelled > 0
            print("interrupted")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60)
    assert done.stdout == "interrupted\n", done.stderr
