"""Ways to end a process that has work to do: what was submitted is finished, the process ends, and is silent."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

pytestmark = pytest.mark.soak

PRELUDE = """
import asyncio, atexit, itertools, os, signal, sys, threading, time, warnings
import threadpool
from threadpool import Pool, imap, run
warnings.simplefilter("ignore", DeprecationWarning)  # of fork in a process with threads

def ended():
    '''Tells when the last of the work has ended.'''
    os.write(1, f"ended {time.monotonic()}\\n".encode())

def is_ending():
    '''The main thread has ended, and the pools know it.'''
    return not threading.main_thread().is_alive()

class Countdown:
    '''Calls ended() once it was called n times.'''
    def __init__(self, n):
        self.left = [ended, *[lambda: None] * (n - 1)]
    def __call__(self, *_):
        self.left.pop()()
"""


@dataclass
class Way:
    """A program; how many times the work ends in it; the exit status; the last line on standard error."""

    program: str
    ended: int = 1
    code: int = 0
    last_words: str = ""


POSIX = {
    "ctrl-c": Way(
        """
        pool = Pool(2)
        done = Countdown(22)
        waiting = threading.Event()
        def interrupt():
            waiting.wait()
            os.kill(os.getpid(), signal.SIGINT)
            while not is_ending():
                time.sleep(0.001)
            done()
        futures = [pool.submit(interrupt), *(pool.submit(done) for _ in range(20))]
        futures[1].add_done_callback(done)
        waiting.set()
        while True:  # rather than wait on a lock: CPython does not notice a signal that comes just before that
            time.sleep(0.001)
        """,
        code=-signal.SIGINT,
        last_words="KeyboardInterrupt",
    ),
    "ctrl-c in a stream": Way(
        """
        def item(i):
            if i == 1000:
                os.kill(os.getpid(), signal.SIGINT)
            return i
        try:
            for i in imap(item, itertools.count()):
                pass
        finally:
            ended()
        """,
        code=-signal.SIGINT,
        last_words="KeyboardInterrupt",
    ),
    "a fork child": Way(
        """
        pool = Pool(2)
        done = Countdown(20)
        futures = [pool.submit(done) for _ in range(20)]
        if child := os.fork():
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            assert code == 0, code
        else:
            done = Countdown(20)
            for _ in range(20):
                pool.submit(done)
        """,
        ended=2,
    ),
    "a fork child of a task": Way(
        """
        pool = Pool(2)
        def fork(_):
            if child := os.fork():
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            else:
                ended()  # and returns to a pool whose threads it does not have
        for future in [pool.submit(fork, i) for i in range(3)]:
            future.result()
        """,
        ended=3,
    ),
    "a fork child of an item": Way(
        """
        def fork(i):
            if i % 100:
                return
            if child := os.fork():
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            else:
                ended()
                sys.exit()
        run(fork, range(300))
        """,
        ended=3,
    ),
}

WAYS = {
    "tasks queued": Way(
        """
        pool = Pool(2)
        done = Countdown(500)
        for _ in range(500):
            pool.submit(done)
        """
    ),
    "tasks running": Way(
        """
        pool = Pool(2)
        both = threading.Barrier(3)
        done = Countdown(2)
        def task():
            both.wait()
            while not is_ending():
                time.sleep(0.001)
            assert run(abs, range(-100, 0)) == list(range(100, 0, -1))
            assert list(imap(abs, range(-100, 0))) == list(range(100, 0, -1))
            done()
        pool.submit(task), pool.submit(task)
        both.wait()
        """
    ),
    "tasks that wait for each other": Way(
        """
        pools = Pool(1), Pool(2)
        futures = []
        submitted = threading.Event()
        def task(i):
            submitted.wait()
            return i if i == 19 else futures[i + 1].result()
        for i in range(20):
            futures.append(pools[i % 2].submit(task, i))
        futures[0].add_done_callback(lambda future: future.result() == 19 and ended())
        submitted.set()
        """
    ),
    "nested runs": Way(
        """
        def nested(depth):
            return 1 if depth == 0 else sum(run(nested, [depth - 1] * 3))
        started = threading.Event()
        def task():
            started.set()
            while not is_ending():
                time.sleep(0.001)
            assert nested(5) == 3 ** 5
            ended()
        Pool(2).submit(task)
        started.wait()
        """
    ),
    "nested runs of a thread": Way(
        """
        def nested(depth):
            return 1 if depth == 0 else sum(run(nested, [depth - 1] * 3))
        threading.Thread(target=lambda: nested(6) == 3 ** 6 and ended()).start()
        """
    ),
    "at exit": Way(
        """
        def at_exit():
            for pool in threadpool, old, Pool(2), Pool(2, idle_timeout=None):
                assert pool.run(abs, range(-1000, 0)) == list(range(1000, 0, -1))
                assert list(pool.imap(abs, range(-1000, 0))) == list(range(1000, 0, -1))
                assert sorted(pool.imap_unordered(abs, range(-1000, 0))) == list(range(1, 1001))
            assert asyncio.run(threadpool.run_async(abs, range(-10, 0))) == list(range(10, 0, -1))
            try:
                old.submit(abs, 1)
            except RuntimeError as error:
                assert "shut down" in str(error)
                ended()
        old = Pool(2)
        old.run(abs, range(1000))
        atexit.register(at_exit)
        """
    ),
    "pools made by tasks": Way(
        """
        done = Countdown(40)
        def task():
            Pool(2).submit(done)
        pool = Pool(2)
        for future in [pool.submit(task) for _ in range(40)]:
            future.result()
        """
    ),
    "pools made meanwhile": Way(
        """
        started = threading.Event()
        def make():
            while not is_ending():
                pool = Pool(2)
                started.set()
                assert pool.run(abs, range(-10, 0)) == list(range(10, 0, -1))
            ended()
        threading.Thread(target=make).start()
        started.wait()
        """
    ),
    "idle pools": Way(
        """
        pools = [Pool(2, idle_timeout=timeout) for timeout in (None, 0, 0.001, 60)]
        for pool in pools:
            pool.run(time.sleep, [0] * 4)
            pool.submit(abs, 1).result()
        initialized = Pool(2, initializer=abs, initargs=(1,))
        initialized.submit(abs, 1).result()
        ended()
        """
    ),
    "an error": Way(
        """
        pool = Pool(2)
        done = Countdown(20)
        for _ in range(20):
            pool.submit(done)
        raise ValueError("expected")
        """,
        code=1,
        last_words="ValueError: expected",
    ),
    "os._exit": Way(
        """
        pool = Pool(2)
        for _ in range(20):
            pool.submit(time.sleep, 60)
        ended()
        os._exit(7)
        """,
        code=7,
    ),
    "os._exit in a task": Way(
        """
        def leave():
            ended()
            os._exit(7)
        Pool(2).submit(leave).result()
        """,
        code=7,
    ),
    "sys.exit in a task": Way(
        """
        pool = Pool(2)
        future = pool.submit(sys.exit, 3)
        assert isinstance(future.exception(), SystemExit)
        assert pool.submit(abs, -3).result() == 3
        ended()
        future.result()
        """,
        code=3,
    ),
    "sys.exit in an item": Way(
        """
        try:
            run(lambda i: sys.exit(4) if i == 500 else i, range(1000), errors="return")
        finally:
            assert run(abs, [-1]) == [1]
            ended()
        """,
        code=4,
    ),
    "a stream of another thread": Way(
        """
        started = threading.Event()
        def consume(imap):
            for i, result in enumerate(imap(str, range(20_000))):
                started.set()
            assert i == 19_999
            done()
        done = Countdown(3)
        pool = Pool(2)
        for stream in imap, threadpool.imap_unordered, pool.imap:
            threading.Thread(target=consume, args=(stream,)).start()
        started.wait()
        """
    ),
    "a stream that was left": Way(
        """
        streams = imap(str, range(10_000)), imap(lambda i: run(abs, range(i)), itertools.count())
        for stream in streams:
            next(stream), next(stream)
        ended()
        """
    ),
    "a map not consumed": Way(
        """
        done = Countdown(100)
        results = Pool(2).map(done, range(100))
        """
    ),
    "run_async pending": Way(
        """
        started = threading.Event()
        async def main():
            task = asyncio.create_task(threadpool.run_async(lambda _: started.set(), itertools.repeat(0, 10_000)))
            await asyncio.to_thread(started.wait)
        asyncio.run(main())
        ended()
        """
    ),
    "run_async of another thread": Way(
        """
        started = threading.Event()
        def item(i):
            started.set()
            return -i
        async def main():
            assert await threadpool.run_async(item, range(5000)) == [-i for i in range(5000)]
            ended()
        threading.Thread(target=asyncio.run, args=(main(),)).start()
        started.wait()
        """
    ),
    "a daemon thread": Way(
        """
        started = threading.Event()
        def forever():
            while True:
                run(lambda _: started.set(), range(100))
        threading.Thread(target=forever, daemon=True).start()
        started.wait()
        ended()
        """
    ),
}


@pytest.mark.parametrize("name", [*WAYS, *([] if sys.platform == "win32" else POSIX)])
def test_the_process_ends(name, soak):
    way = WAYS.get(name) or POSIX[name]
    program = PRELUDE + textwrap.dedent(way.program)
    with ThreadPoolExecutor(3) as executor:  # a few at once, so that they disturb one another
        times = list(executor.map(seconds_to_end, [way] * soak(5, 200), [program] * soak(5, 200)))
    print(f"{name}: {max(times):.3f} s from the end of the work to the end of the process, at the most")


def seconds_to_end(way, program):
    """Runs the program. How long it took from the end of the work to that of the process."""
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "THREADPOOL_WORKERS": "2"},
    )
    with process:
        try:
            out, errors = process.communicate(timeout=100)
        except subprocess.TimeoutExpired:
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGABRT)  # faulthandler tells where it and its children hang
            out, errors = process.communicate()
            raise AssertionError(f"it does not end\n{out}{errors}") from None
        now = time.monotonic()
    assert process.returncode == way.code, errors
    assert errors.strip().rpartition("\n")[2] == way.last_words, errors
    assert len(errors.split("Traceback")) <= 2, errors
    ends = [float(line.split()[1]) for line in out.splitlines()]
    assert len(ends) == way.ended, out + errors
    return now - max(ends)
