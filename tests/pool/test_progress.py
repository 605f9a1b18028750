"""progress=: what is told, when, and by which thread."""

import io
import sys
import threading

import pytest

import threadpool
from threadpool import Pool, hashing

WAIT = 30


def square(x):
    return x * x


class Report:
    """A progress callable that notes what it is told."""

    def __init__(self):
        self.told = []
        self.threads = set()

    def __call__(self, done, total):
        self.told.append((done, total))
        self.threads.add(threading.get_ident())

    def check(self, total):
        assert self.threads == {threading.get_ident()}
        assert self.told == sorted(self.told)
        assert self.told[-1] == (total, total)
        assert {told for _, told in self.told} == {total}


@pytest.mark.parametrize("size", [0, 1, 2, 1000])
@pytest.mark.parametrize("workers", [1, 2, None])
@pytest.mark.parametrize("errors", ["raise", "group", "return"])
def test_it_is_told_in_the_calling_thread_and_ends_with_the_total(size, workers, errors):
    report = Report()
    results = threadpool.run(square, range(size), workers=workers, errors=errors, progress=report)
    assert results == [x * x for x in range(size)]
    report.check(size)


def test_kernels():
    report = Report()
    assert threadpool.run(hashing.sha256, [b"x"] * 5000, progress=report) == [hashing.sha256(b"x")] * 5000
    report.check(5000)


def test_starmap():
    report = Report()
    assert threadpool.starmap(pow, [(2, 3)] * 100, progress=report) == [8] * 100
    report.check(100)


def test_it_is_told_while_items_are_in_progress():
    """One item waits until it is told that the other one is done."""
    told = threading.Event()

    def report(done, total):
        if done:
            told.set()

    with Pool(2) as pool:
        assert pool.run(lambda i: i == 0 or told.wait(WAIT), range(2), chunk=1, progress=report) == [True, True]


def test_it_is_told_between_slow_items_by_the_only_thread():
    told = []

    def item(_):
        threading.Event().wait(0.002)  # longer than the time between two safepoints

    threadpool.run(item, range(3), workers=1, progress=lambda done, total: told.append(done))
    assert told[0] < 3
    assert told[-1] == 3


@pytest.mark.parametrize("initializer", [None, list])
def test_as_many_threads_work_as_without_though_the_caller_only_watches(initializer):
    everybody = threading.Barrier(3)
    with Pool(3, initializer=initializer) as pool:
        pool.run(lambda _: everybody.wait(WAIT), range(3), chunk=1, progress=lambda done, total: None)
        pool.run(lambda _: everybody.wait(WAIT), range(3), chunk=1)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_pools_of_any_width(width):
    with Pool(width) as pool:
        report = Report()
        pool.run(square, range(500), progress=report)
        report.check(500)
    with Pool(width, initializer=abs, initargs=(1,)) as pool:
        report = Report()
        pool.run(square, range(500), progress=report)
        report.check(500)


def test_nested_runs():
    def outer(i):
        report = Report()
        threadpool.run(square, range(i), progress=report)
        report.check(i)
        return i

    report = Report()
    assert threadpool.run(outer, range(100), progress=report) == list(range(100))
    report.check(100)
    with Pool(2) as pool:
        report = Report()
        assert pool.run(lambda i: len(pool.run(square, range(i), progress=lambda *_: None)), range(100)) == [
            *range(100)
        ]


def test_a_report_may_run_something_itself():
    sizes = []

    def report(done, total):
        sizes.append(len(threadpool.run(square, range(50))))

    threadpool.run(square, range(1000), progress=report)
    assert set(sizes) == {50}


def test_while_all_threads_wait_for_what_the_caller_holds():
    """The caller, which usually only watches, does the work when nobody comes."""
    lock = threading.Lock()
    waiting = threading.Semaphore(0)

    def wait_for_lock():
        waiting.release()
        with lock:
            return True

    with Pool(2) as pool:
        with lock:
            futures = [pool.submit(wait_for_lock) for _ in range(2)]
            for _ in futures:
                assert waiting.acquire(timeout=WAIT)
            report = Report()
            assert pool.run(square, range(100), progress=report) == [x * x for x in range(100)]
            report.check(100)
        assert all(future.result(WAIT) for future in futures)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
@pytest.mark.parametrize("errors", ["raise", "return"])
@pytest.mark.parametrize("width", [1, 2])
def test_an_error_of_the_report_cancels_the_run_and_is_raised(error, errors, width):
    told = []

    def report(done, total):
        told.append(done)
        raise error

    def item(i):
        # Each lasts until something is told, so without cancellation this would never end.
        while not told:
            pass
        return i

    with Pool(width) as pool:
        with pytest.raises(error):
            pool.run(item if width > 1 else square, range(10**6), progress=report, errors=errors)
        assert len(told) == 1
        assert told[0] < 10**6
        assert pool.run(square, range(100)) == [x * x for x in range(100)]


def test_an_error_of_the_last_report_is_raised_too():
    def report(done, total):
        if done == total:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        threadpool.run(square, range(3), progress=report)


def test_failed_items_count_as_done():
    report = Report()
    results = threadpool.run(lambda i: 1 // i, range(10), errors="return", progress=report)
    assert isinstance(results[0], ZeroDivisionError)
    report.check(10)


# The bar

tqdm = pytest.importorskip("tqdm", reason="the progress extra is not installed")


@pytest.mark.thread_unsafe(reason="reads standard error")
@pytest.mark.parametrize("progress", [True, "thumbnails"])
def test_a_bar(progress, capsys):
    assert threadpool.run(square, range(100), progress=progress) == [x * x for x in range(100)]
    drawn = capsys.readouterr().err
    assert "100/100" in drawn
    assert ("thumbnails: " in drawn) == (progress == "thumbnails")
    assert drawn.endswith("\n")


@pytest.mark.thread_unsafe(reason="replaces standard error")
def test_the_bar_is_closed_on_error(monkeypatch):
    """A bar that is not closed leaves the cursor in its line, and stays among tqdm's."""
    from tqdm.auto import tqdm as bar

    monkeypatch.setattr(sys, "stderr", drawn := io.StringIO())
    before = len(bar._instances)
    with pytest.raises(ZeroDivisionError):
        threadpool.run(lambda i: 1 // (i - 50), range(100), progress=True)
    assert len(bar._instances) == before
    assert drawn.getvalue().endswith("\n")


@pytest.mark.thread_unsafe(reason="hides a module")
@pytest.mark.parametrize("progress", [True, "words"])
def test_a_missing_tqdm_names_the_extra(monkeypatch, progress):
    for name in [name for name in sys.modules if name.partition(".")[0] == "tqdm"]:
        monkeypatch.setitem(sys.modules, name, None)
    started = []
    with pytest.raises(ImportError, match=r"pip install 'threadpool-ft\[progress\]'"):
        threadpool.run(started.append, range(3), progress=progress)
    assert started == []
    report = Report()
    threadpool.run(square, range(3), progress=report)  # a callable needs nothing
    report.check(3)


@pytest.mark.parametrize("progress", [None, False])
def test_no_progress(progress):
    assert threadpool.run(abs, [-1], progress=progress) == [1]


@pytest.mark.parametrize("progress", [0, 5, [], b"x"])
def test_a_progress_that_is_none_of_these(progress):
    with pytest.raises(TypeError, match="progress must be a bool, a description or a callable, not"):
        threadpool.run(abs, [-1], progress=progress)


def test_the_end_is_told_of_once():
    for size in (0, 1, 3, 1000):
        told = []
        threadpool.run(abs, range(size), progress=lambda *figures, told=told: told.append(figures))
        assert told.count((size, size)) == 1
