"""Atomics.wait and notify: results, order, counts, and that no wake-up is lost."""

import array
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy
import pytest

from threadpool import Atomics, SharedBuffer
from threadpool.sync import _atomics

pytestmark = pytest.mark.thread_unsafe(reason="counts who waits at the fixture's cells; starts threads of its own")

WAITABLE = ["int32", "uint32", "int64", "uint64"]


@pytest.fixture(params=WAITABLE)
def cells(request):
    return numpy.zeros(4, request.param)


class Waiting:
    """A thread that waits at cells[index] for `value` to change, and is in the queue when this is made."""

    def __init__(self, cells, index=0, value=0, timeout=None):
        self.result = None
        self.thread = threading.Thread(target=self._wait, args=(cells, index, value, timeout), daemon=True)
        before = self.count(cells, index)
        self.thread.start()
        while self.count(cells, index) == before and self.thread.is_alive():
            pass

    def _wait(self, *arguments):
        self.result = Atomics.wait(*arguments)

    @staticmethod
    def count(cells, index):
        return _atomics._count_waiters(cells, index)

    def end(self):
        self.thread.join(30)
        return self.result


def test_it_is_not_equal(cells):
    assert Atomics.wait(cells, 1, 5) == "not-equal"
    assert Atomics.wait(cells, 1, 5, 0) == "not-equal"
    assert Atomics.wait(cells, 1, -1, timeout=10) == "not-equal"


@pytest.mark.parametrize("timeout", [0, 0.0, -1, -1e300, -float("inf"), -(10**20), False, 1e-9, 0.002])
def test_the_time_is_over(cells, timeout):
    assert Atomics.wait(cells, 1, 0, timeout) == "timed-out"
    assert Atomics.wait(cells, 1, 0, timeout=timeout) == "timed-out"
    assert Atomics.notify(cells, 1) == 0


@pytest.mark.parametrize("timeout", [None, float("inf"), 1e300, 10**400, 60])
def test_it_is_notified(cells, timeout):
    waiting = Waiting(cells, 1, 0, timeout)
    assert Atomics.notify(cells, 0) == 0
    assert Atomics.notify(cells, 1) == 1
    assert waiting.end() == "ok"
    assert Atomics.notify(cells, 1) == 0


@pytest.mark.parametrize("value", [-1, 2**32 - 1, 2**64 - 1])
def test_a_value_wraps(value):
    cells = numpy.array([-1], "int32")
    assert Atomics.wait(cells, 0, value, 0) == "timed-out"
    assert Atomics.wait(cells.view("uint32"), 0, value, 0) == "timed-out"


def test_views_of_the_same_memory_meet():
    buffer = SharedBuffer(64)
    waiting = Waiting(buffer.view("int32"), 3)
    assert Atomics.notify(memoryview(buffer)[8:].cast("q"), 0) == 0  # begins at the cell before
    assert Atomics.notify(memoryview(buffer)[8:].cast("I"), 1) == 1
    assert waiting.end() == "ok"


@pytest.mark.parametrize("make", [lambda: memoryview(bytearray(16)).cast("i"), lambda: array.array("q", [0] * 4)])
def test_one_buffer_for_all(make):
    cells = make()
    waiting = [Waiting(cells, 1) for _ in range(3)]
    assert Atomics.notify(cells, 1) == 3
    assert {one.end() for one in waiting} == {"ok"}


def test_read_only_memory():
    cells = numpy.zeros(4, "int32")
    cells.flags.writeable = False
    waiting = Waiting(cells)
    assert Atomics.notify(cells, 0) == 1
    assert waiting.end() == "ok"


def test_first_come_first_served(cells):
    waiting = [Waiting(cells) for _ in range(5)]
    for count in (1, 2):
        assert Atomics.notify(cells, 0, count) == count
        for _ in range(count):
            assert waiting.pop(0).end() == "ok"
        assert all(one.result is None for one in waiting)
    assert Atomics.notify(cells, 0, count=10**30) == 2
    assert [one.end() for one in waiting] == ["ok"] * 2


@pytest.mark.parametrize("count", [0, -1, -(10**30)])
def test_a_count_of_none(cells, count):
    waiting = Waiting(cells)
    assert Atomics.notify(cells, 0, count) == 0
    assert waiting.result is None
    assert Atomics.notify(cells, 0, None) == 1
    assert waiting.end() == "ok"


OPERATIONS = ["add", "sub", "and_", "or_", "xor", "maximum", "minimum", "exchange", "store"]


@pytest.mark.parametrize("name", [*OPERATIONS, "compare_exchange", "bulk add", "assignment", "collection"])
def test_only_a_notification_wakes(name):
    cells = numpy.zeros(4, "int32")
    waiting = Waiting(cells)
    for value in range(1, 100):
        if name in OPERATIONS:
            getattr(Atomics, name)(cells, 0, value)
        elif name == "compare_exchange":
            Atomics.compare_exchange(cells, 0, value - 1, value)
        elif name == "bulk add":
            Atomics.add(cells, numpy.array([0, 1]), 1)
        elif name == "assignment":
            cells[0] = value
    if name == "collection":
        gc.collect()
    assert _atomics._count_waiters(cells, 0) == 1
    assert Atomics.notify(cells, 0) == 1
    assert waiting.end() == "ok"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([1], 0, 0), TypeError, "buf must be a buffer"),
        ((numpy.zeros(3, "int8"), "bad", 0), TypeError, r"wait\(\) takes a buffer of integers of 4 or 8 bytes"),
        ((numpy.zeros(3, "int16"), 0, 0), TypeError, "of 4 or 8 bytes"),
        ((numpy.zeros(3), 0, 0), TypeError, "of 4 or 8 bytes"),
        ((SharedBuffer(8), 0, 0), TypeError, "of 4 or 8 bytes"),
        ((numpy.zeros(3, "int32"), 3, "bad"), IndexError, "index 3 is out of range for 3 elements"),
        ((numpy.zeros(3, "int32"), numpy.arange(2), 0), TypeError, "integer"),
        ((numpy.zeros(3, "int32"), 0, 1.0, "bad"), TypeError, "value must be an integer, not 'float'"),
        ((numpy.zeros(3, "int32"), 0, 1, "bad"), TypeError, "timeout must be a number of seconds or None, not 'str'"),
        ((numpy.zeros(3, "int32"), 0, 1, float("nan")), ValueError, "timeout must be .* not nan"),
        ((), TypeError, r"wait\(\) takes 3 arguments and timeout \(0 given\)"),
        ((1, 2, 3, 4, 5), TypeError, r"wait\(\) takes 3 arguments and timeout \(5 given\)"),
    ],
)
def test_bad_arguments_of_wait(arguments, error, words):
    with pytest.raises(error, match=words):
        Atomics.wait(*arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((numpy.zeros(3, "int8"), 0), TypeError, r"notify\(\) takes a buffer of integers of 4 or 8 bytes"),
        ((numpy.zeros(3, "int32"), -1, "bad"), IndexError, "index -1 is out of range"),
        ((numpy.zeros(3, "int32"), 0, 1.0), TypeError, "count must be an integer or None, not 'float'"),
        ((numpy.zeros(3, "int32"), 0, "1"), TypeError, "count must be an integer or None, not 'str'"),
        ((1,), TypeError, r"notify\(\) takes 2 arguments and count \(1 given\)"),
    ],
)
def test_bad_arguments_of_notify(arguments, error, words):
    with pytest.raises(error, match=words):
        Atomics.notify(*arguments)


def test_names_of_arguments():
    cells = numpy.zeros(3, "int32")
    for call in (
        lambda: Atomics.wait(cells, 0, value=1),
        lambda: Atomics.wait(cells, 0, 1, seconds=1),
        lambda: Atomics.wait(cells, 0, 1, 2, timeout=1),
        lambda: Atomics.notify(cells, index=0),
        lambda: Atomics.notify(cells, 0, n=1),
    ):
        with pytest.raises(TypeError):
            call()


def test_what_an_argument_does_to_the_buffer():
    cells = numpy.zeros(1000, "int32")

    class Shrinks:
        def __index__(self):
            cells.resize(1, refcheck=False)
            return 0

    with pytest.raises(IndexError, match="index 999 is out of range for 1 elements"):
        Atomics.wait(cells, 999, Shrinks(), 0)


def interrupt_who_waits(cells):
    """Starts a thread that sends SIGINT once somebody waits at cells[0]."""

    def interrupt():
        while not Waiting.count(cells, 0):
            time.sleep(0.001)
        if sys.platform == "win32":
            signal.raise_signal(signal.SIGINT)
        else:
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    return thread


def test_ctrl_c(cells):
    thread = interrupt_who_waits(cells)
    with pytest.raises(KeyboardInterrupt):
        Atomics.wait(cells, 0, 0)
    thread.join()
    assert Atomics.notify(cells, 0) == 0


@pytest.fixture
def on_signal():
    """`on_signal(cells, handler)` lets the handler be called while this thread is in the next wait, at cells[0]."""
    before = []

    def install(cells, handler):
        before.append(signal.signal(signal.SIGINT, lambda *_: handler()))
        before.append(interrupt_who_waits(cells))

    yield install
    for thread in before[1::2]:
        thread.join()
    for handler in before[:1]:
        signal.signal(signal.SIGINT, handler)


def test_a_handler_that_raises_nothing(cells, on_signal):
    on_signal(cells, lambda: Atomics.notify(cells, 0))
    assert Atomics.wait(cells, 0, 0) == "ok"


def test_a_notification_at_the_moment_of_ctrl_c_goes_to_the_next(cells, on_signal):
    def notify_and_raise():
        others.append(Waiting(cells))
        assert Atomics.notify(cells, 0, 1) == 1  # the thread that runs this handler, which came first
        raise KeyboardInterrupt

    others = []
    on_signal(cells, notify_and_raise)
    with pytest.raises(KeyboardInterrupt):
        Atomics.wait(cells, 0, 0)
    assert others[0].end() == "ok"
    assert Atomics.notify(cells, 0) == 0


@pytest.mark.soak
def test_no_wake_up_is_lost(soak):
    """Two threads, each of which waits for the other's number."""
    cells, rounds = SharedBuffer(8).view("int32"), soak(5_000, 10**6)

    def play(side):
        for number in range(side, 2 * rounds, 2):
            while (now := Atomics.load(cells, 0)) != number:
                assert Atomics.wait(cells, 0, now, 60) != "timed-out"
            Atomics.store(cells, 0, number + 1)
            Atomics.notify(cells, 0)

    thread = threading.Thread(target=play, args=(1,))
    thread.start()
    play(0)
    thread.join()
    assert cells[0] == 2 * rounds


@pytest.mark.soak
def test_notifications_that_meet_the_end_of_the_time(in_threads, soak):
    """One that is counted is told so, however short its time was."""
    cells, rounds = numpy.zeros(2, "int32"), soak(2_000, 100_000)
    ended = []

    def wait():
        oks = sum(Atomics.wait(cells, 0, 0, i % 7 * 5e-6) == "ok" for i in range(rounds))
        ended.append(True)
        return oks

    def notify():
        woken = 0
        while len(ended) < 2:
            woken += Atomics.notify(cells, 0, 1)
        return woken

    turns = [wait, wait, notify]
    results = in_threads(lambda: (job := turns.pop(), job()), 3)
    woken = sum(count for job, count in results if job is notify)
    assert woken == sum(count for job, count in results if job is wait)


def run_python(program):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_thread_that_waits_does_not_keep_the_process():
    ended = run_python(
        """
        import threading, numpy
        from threadpool import Atomics
        from threadpool.sync import _atomics
        cells = numpy.zeros(1, "int32")
        threading.Thread(target=Atomics.wait, args=(cells, 0, 0), daemon=True).start()
        while not _atomics._count_waiters(cells, 0): pass
        """
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_nobody_waits_in_a_forked_child():
    ended = run_python(
        """
        import os, threading, warnings, numpy
        from threadpool import Atomics
        from threadpool.sync import _atomics
        warnings.simplefilter("ignore")
        cells = numpy.zeros(1, "int32")
        waiting = threading.Thread(target=Atomics.wait, args=(cells, 0, 0))
        waiting.start()
        while not _atomics._count_waiters(cells, 0): pass
        child = os.fork()
        if child == 0:
            assert Atomics.notify(cells, 0) == 0
            waiter = threading.Thread(target=Atomics.wait, args=(cells, 0, 0))
            waiter.start()
            while not Atomics.notify(cells, 0): pass
            waiter.join()
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert Atomics.notify(cells, 0) == 1
        waiting.join()
        """
    )
    assert (ended.returncode, ended.stderr) == (0, "")
