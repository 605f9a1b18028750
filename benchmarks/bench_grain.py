"""What sharing out costs, over how long an item takes: a table, and the plot in docs/."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import joblib
import pytest

import plot
import threadpool
import work
from threadpool.cli.info import gil_state

FREE_THREADED = gil_state() == "off"
PLOT = Path(__file__).parents[1] / "docs" / ("dispatch.svg" if FREE_THREADED else "dispatch-gil.svg")

# A function, how many items make 20 to 100 ms of work, and how many of them those get that would take seconds.
GRAINS = {
    "100_ns": (work.hundred_nanoseconds, 200_000, 5000),
    "1_us": (work.one_microsecond, 50_000, 5000),
    "10_us": (work.ten_microseconds, 5000, 5000),
    "100_us": (work.hundred_microseconds, 500, 500),
    "1_ms": (work.one_millisecond, 60, 60),
    "10_ms": (work.ten_milliseconds, 8, 8),
}
speeds: dict[str, list[tuple[float, float]]] = {}  # by contender: seconds of an item, speed beside the serial loop


@pytest.fixture(scope="module", autouse=True)
def drawn():
    yield
    if len(speeds.get("threadpool", [])) == len(GRAINS):
        gil = "free-threaded" if FREE_THREADED else "with the GIL"
        plot.draw(
            PLOT, speeds, f"Speed over a serial loop: CPython {plot.version()}, {gil}, {threadpool.workers()} cores"
        )


@pytest.fixture(scope="module")
def joblib_backends():
    with (
        joblib.Parallel(threadpool.workers(), backend="threading") as threads,
        joblib.Parallel(threadpool.workers(), backend="loky", pre_dispatch="all") as processes,
    ):
        yield threads, processes


def tuned(contender, call: Callable[[int], object], count: int):
    """A contender that calls with the chunk size that is fastest on trial, among shares and pieces of them."""
    workers = threadpool.workers()
    trials = []
    for chunk in sorted({max(1, count // (workers * pieces)) for pieces in (1, 4, 16)}):
        trial = contender(lambda chunk=chunk: call(chunk), count)
        for _ in range(3):
            trial.time(time.perf_counter)
        trials.append((min(trial.seconds), chunk, trial))
    best = min(trials)[2]
    best.seconds.clear()
    return best


@pytest.mark.parametrize("grain", GRAINS)
def test_grain(compare, contender, processes, executor, joblib_backends, grain):
    """joblib chooses its batches by itself with threads (auto); with processes they are tuned, as for Pool.map."""
    fn, count, few = GRAINS[grain]
    data = list(range(count))
    threads, loky = joblib_backends
    delayed = joblib.delayed(fn)

    def in_batches(size):
        loky.batch_size = size
        return loky(map(delayed, data))

    contenders = compare(
        contender(lambda: threadpool.run(fn, data), count),
        {"serial": 0.70, "multiprocessing": 0.4} if grain == "100_ns" else {"multiprocessing": 1.05},
        serial=contender(lambda: [fn(x) for x in data], count),
        multiprocessing=tuned(contender, lambda chunk: processes.map(fn, data, chunk), count),
        executor=contender(lambda: list(executor.map(fn, data[:few])), few),
        joblib_loky=tuned(contender, in_batches, count),
        joblib_threads=contender(lambda: threads(map(delayed, data[:few])), few),
    )
    serial = contenders["serial"].seconds
    for name, each in contenders.items():
        ratios = [theirs / seconds for theirs, seconds in zip(serial, each.seconds, strict=True)]
        speeds.setdefault(name, []).append((min(serial), statistics.median(ratios)))
