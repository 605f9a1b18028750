"""Threads that cannot be had, or whose start is interrupted: nothing is lost, and nobody waits for them."""

import subprocess
import sys
import textwrap
import threading

import pytest

import threadpool
from threadpool import Pool

WAIT = 60


def python(program):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=WAIT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.thread_unsafe(reason="starts processes")
@pytest.mark.parametrize(
    "refuse",
    ["threading.Thread.start = refuse", "threading.stack_size(1 << 60)"],
    ids=["refused", "no address space"],
)
def test_where_no_thread_can_be_started_the_caller_does_the_work(refuse):
    if sys.platform != "linux" and "stack_size" in refuse:
        pytest.skip("how much is too much depends on the system")
    program = f"""
        import asyncio, threading, threadpool
        def refuse(self):
            raise RuntimeError("can't start new thread")
        pool = threadpool.Pool(2, max_queue=1)
        {refuse}
        me = threading.get_ident()
        assert [pool.submit(threading.get_ident).result() for _ in range(10)] == [me] * 10
        assert pool.submit(lambda: pool.submit(threading.get_ident).result()).result() == me
        assert pool.run(abs, range(100)) == list(range(100))
        assert list(pool.imap(abs, range(100))) == list(range(100))
        assert list(pool.map(abs, range(100))) == list(range(100))
        assert asyncio.run(pool.run_async(abs, range(100))) == list(range(100))
        try:
            pool.broadcast(abs, 1)
        except RuntimeError as error:
            assert "could be started" in str(error), error
        initialized = threadpool.Pool(2, initializer=print, initargs=("never",))
        for call in (lambda: initialized.submit(print, "never").result(), lambda: initialized.run(print, ["never"])):
            try:
                call()
            except RuntimeError as error:
                assert "could be started" in str(error), error
        pool.shutdown()
        initialized.shutdown()
    """
    assert python(program) == ""


@pytest.fixture
def refused(monkeypatch):
    """`refused(until)`: no thread of a pool named "refused" starts, which it is told of once `until` is set. Returns an
    event, set when one is about to."""
    start = threading.Thread.start

    def install(until):
        starting = threading.Event()

        def refuse(self):
            if not self.name.startswith("refused"):
                return start(self)
            starting.set()
            assert until.wait(WAIT)
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", refuse)
        return starting

    return install


@pytest.mark.thread_unsafe(reason="replaces Thread.start")
def test_tasks_that_counted_on_a_thread_that_could_not_be_started_run(refused):
    """One thread is about to fail to start a worker, as another one relies on that worker."""
    relied_on = threading.Event()
    starting = refused(until=relied_on)
    with Pool(1, name="refused") as pool:
        first = threading.Thread(target=pool.submit, args=(abs, -1))
        first.start()
        assert starting.wait(WAIT)
        future = pool.submit(abs, -2)
        relied_on.set()
        assert future.result(WAIT) == 2
        first.join(WAIT)


@pytest.mark.thread_unsafe(reason="replaces Thread.start")
def test_a_thread_that_could_not_be_started_while_shutdown_waits_for_it(refused, monkeypatch):
    waiting = threading.Event()
    starting = refused(until=waiting)

    def index(worker):  # called when shutdown has made its list of threads
        waiting.set()
        return worker.index

    pool = Pool(1, name="refused")
    results = []
    submit = threading.Thread(target=lambda: results.append(pool.submit(abs, -1).result(WAIT)))
    submit.start()
    assert starting.wait(WAIT)
    monkeypatch.setattr("threadpool.pool._engine.worker_index", index)
    pool.shutdown()
    submit.join(WAIT)
    assert results == [1]


@pytest.mark.thread_unsafe(reason="replaces Thread.start")
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_ctrl_c_while_a_thread_is_started(monkeypatch, before):
    start = threading.Thread.start

    def interrupted(self):
        monkeypatch.undo()
        if not before:
            start(self)
        raise KeyboardInterrupt

    with Pool(1) as pool:
        monkeypatch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pool.submit(abs, -1)
        assert pool.submit(abs, -2).result(WAIT) == 2
        assert pool.broadcast(threadpool.current_worker) == [0]
        assert pool.stats().workers == 1
