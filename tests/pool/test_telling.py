"""What a Pool tells, and what tools see of its threads: figures, dumps, names, the log, hooks and debuggers."""

import gc
import io
import logging
import re
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import wait
from pathlib import Path

import pytest

import threadpool
from threadpool import Pool

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

        self.futures = [pool.submit(hold) for _ in range(count)]
        barrier.wait(WAIT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.opened.set()
        wait(self.futures, WAIT)


def test_counts_are_exact_and_percentiles_plausible():
    with Pool(2) as pool:
        nothing = pool.stats()
        assert (nothing.workers, nothing.busy, nothing.utilization, nothing.run_time.most) == (0, 0, 0, 0)
        with Held(pool, 2):
            futures = [pool.submit(abs, -n) for n in range(10)]
            futures.append(pool.submit(abs, "no number"))
            futures[0].cancel()
            stats = pool.stats()
            assert (stats.workers, stats.busy, stats.queued, stats.cancelled) == (2, 2, 10, 1)
        wait(futures, WAIT)
        pool.run(abs, range(100))
        with pytest.raises(TypeError):
            pool.run(abs, [1, "no number", 2], workers=1)
        pool.shutdown()
        stats = pool.stats()
        assert (stats.completed, stats.failed, stats.cancelled, stats.queued) == (2 + 9 + 100 + 1, 2, 2, 0)
        for times in (stats.run_time, stats.wait_time):
            assert 0 < times.p50 <= times.p90 <= times.p99 <= times.most < WAIT
        assert 0 <= stats.utilization <= 1


def test_items_that_fail_are_counted_as_failed():
    def item(i):
        if i % 10 == 0:
            raise ValueError(i)

    with Pool(2) as pool:
        pool.run(item, range(100), errors="return")
        assert (pool.stats().completed, pool.stats().failed) == (90, 10)
        with pytest.raises(ExceptionGroup):
            pool.run(item, range(100), errors="group")
        assert (pool.stats().completed, pool.stats().failed) == (180, 20)
        barrier = threading.Barrier(2)

        def fail_together(i):
            barrier.wait(WAIT)
            raise ValueError(i)

        with pytest.raises(ValueError, match="0"):
            pool.run(fail_together, range(2), chunk=1)
        stats = pool.stats()
        assert (stats.completed, stats.failed, stats.cancelled) == (180, 22, 0)


def test_a_dump_tells_what_every_worker_does():
    def tell(pool):
        out = io.StringIO()
        pool.dump(out)
        return out.getvalue()

    with Pool(2, name="told") as pool:
        assert tell(pool) == "pool 'told': 0 of 2 workers, 0 busy, 0 tasks queued\n"
        with Held(pool, 2):
            pool.submit(abs, -1)
            told = tell(pool)
            assert told.startswith("pool 'told': 2 of 2 workers, 2 busy, 1 tasks queued\n")
            assert "worker 1 (told-1): runs Held.__init__.<locals>.hold\n" in told
            assert "in hold" in told
        pool.shutdown()
        assert tell(pool).startswith("pool 'told': 0 of 2 workers")


def test_a_dump_is_to_a_file():
    with pytest.raises(TypeError, match="file must be a text file, not 'int'"):
        threadpool.dump(3)


def test_telling_under_load():
    """What a worker runs is read by other threads while it changes."""
    with Pool(2) as pool:
        futures = [pool.submit(lambda n=n: n) for n in range(2000)]
        while not all(future.done() for future in futures):
            pool.dump(io.StringIO())
            pool.stats()


@pytest.mark.thread_unsafe(reason="replaces a function of sys")
def test_no_garbage_is_collected_while_the_interpreter_lists_its_threads(monkeypatch):
    def current_frames():
        collects.append(gc.isenabled())
        return frames()

    collects = []
    frames = sys._current_frames
    monkeypatch.setattr(sys, "_current_frames", current_frames)
    with Pool(1) as pool:
        pool.dump(io.StringIO())
    assert collects == [sys.version_info >= (3, 12)]
    assert gc.isenabled()


def test_threads_are_named():
    with Pool(2, name="named") as pool:
        assert pool.broadcast(lambda: threading.current_thread().name) == ["named-0", "named-1"]
        assert not any(pool.broadcast(lambda: threading.current_thread().daemon))
    with Pool(1) as pool, Pool(1) as other:
        names = [p.submit(lambda: threading.current_thread().name).result() for p in (pool, other)]
        assert names[0] != names[1]
        assert re.fullmatch(r"threadpool-\d+-0", names[0])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_system_knows_the_names():
    def name():
        return Path(f"/proc/self/task/{threading.get_native_id()}/comm").read_bytes()

    with Pool(1, name="named") as pool:
        assert pool.submit(name).result() == b"named-0\n"
    with Pool(1, name="a name of many words") as pool:
        assert pool.submit(name).result() == b"of many words-0\n"
    with Pool(1, name="\udc80") as pool:  # no text at all
        assert pool.submit(name).result() == b"?-0\n"


@pytest.mark.thread_unsafe(reason="caplog")
def test_the_log_tells_of_threads(caplog):
    caplog.set_level(logging.DEBUG, "threadpool")
    with Pool(1, name="logged", idle_timeout=0) as pool:
        pool.submit(threading.current_thread).result().join(WAIT)
    lines = [record.getMessage() for record in caplog.records if "logged" in record.getMessage()]
    assert sorted(lines[:2]) == ["logged-0 expired", "logged-0 started"]  # each by a thread of its own
    assert lines[2:] == ["logged stops"]


# Tools that look into threads


@pytest.mark.thread_unsafe(reason="sets hooks for all threads")
@pytest.mark.parametrize("hook", ["settrace", "setprofile"])
def test_hooks_of_threading_see_tasks(hook):
    seen = set()

    def note(frame, event, argument):
        seen.add(frame.f_code.co_name)

    def traced_task():
        return 1

    getattr(threading, hook)(note)
    try:
        with Pool(1) as pool:
            assert pool.submit(traced_task).result() == 1
    finally:
        getattr(threading, hook)(None)
    assert "traced_task" in seen


@pytest.mark.thread_unsafe(reason="starts a process")
def test_a_breakpoint_in_a_task():
    program = """
        import bdb, threading, threadpool
        lines = []
        class Debugger(bdb.Bdb):
            def user_line(self, frame):
                lines.append(frame.f_code.co_name)
                self.set_continue()
        def task():
            debugger.set_trace()
            return 1
        debugger = Debugger()
        with threadpool.Pool(1) as pool:
            assert pool.submit(task).result() == 1
            assert pool.submit(abs, -1).result() == 1
        print(lines[0])
    """
    assert python(program) == "task\n"
