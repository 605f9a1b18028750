"""Benchmarks compare: each rival runs once in each round, beside ours, so that a noisy machine slows down all alike."""

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

import threadpool
from threadpool.cli.info import gil_state

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))


@dataclass
class Contender:
    """A function to time. `items`: how many it works on, for times by the item."""

    fn: Callable[[], object]
    items: int = 1
    seconds: list[float] = field(default_factory=list)

    def time(self) -> None:
        gc.collect()
        started = time.perf_counter()
        result = self.fn()
        self.seconds.append((time.perf_counter() - started) / self.items)
        del result


RESULTS: list[tuple[str, str, list[float], float, str]] = []


@pytest.fixture
def compare(benchmark, request):
    """`compare(ours, bars, name=rival, …)`: ours is what pytest-benchmark reports; the rivals run between its rounds.

    `bars` maps a rival to a bound of the ratio ours / rival. It is printed beside what was measured, not asserted: the
    machine may be busy.
    """

    def run(ours: Contender, bars: dict[str, float], **rivals: Contender) -> None:
        contenders = {"threadpool": ours, **rivals}
        for contender in contenders.values():
            contender.fn()

        results = []

        def rivals_first() -> None:
            results.clear()
            for rival in rivals.values():
                rival.time()
            gc.collect()

        # The results are kept, so that dropping them is timed for none.
        benchmark.pedantic(lambda: results.append(ours.fn()), setup=rivals_first, rounds=ROUNDS)
        ours.seconds = [seconds / ours.items for seconds in benchmark.stats.stats.data]
        for name, contender in contenders.items():
            ratios = [a / b for a, b in zip(ours.seconds, contender.seconds, strict=True)]
            ratio = statistics.median(ratios)
            benchmark.extra_info[name] = {
                "ns_per_item": statistics.median(contender.seconds) * 1e9,
                "ratio": ratio,
            }
            bar = f"at most {bars[name]:g}" if name in bars else ""
            RESULTS.append((request.node.name, name, contender.seconds, ratio, bar))

    return run


@pytest.fixture
def record(request):
    """`record(seconds)`: rows measured elsewhere, a list of rounds for each name; the first one is ours."""

    def add(seconds: dict[str, list[float]]) -> None:
        ours = next(iter(seconds.values()))
        for name, rounds in seconds.items():
            ratio = statistics.median(a / b for a, b in zip(ours, rounds, strict=True))
            RESULTS.append((request.node.name, name, rounds, ratio, ""))

    return add


def pytest_terminal_summary(terminalreporter):
    if not RESULTS:
        return
    write = terminalreporter.write_line
    write("")
    write(
        f"{platform.python_implementation()} {platform.python_version()}, GIL {gil_state()}, "
        f"{threadpool.workers()} workers, {platform.machine()}, threadpool {threadpool.__version__}"
    )
    write(
        f"Medians of {ROUNDS} interleaved rounds. Ratio: time of threadpool / time of the row; under 1 we are faster."
    )
    write(f"{'benchmark':38} {'row':28} {'per item':>12} {'ratio':>8}  bar")
    last = None
    for test, name, seconds, ratio, bar in RESULTS:
        write(
            f"{test if test != last else '':38} {name:28} {_time(statistics.median(seconds)):>12} {ratio:8.3f}  {bar}"
        )
        last = test


def _time(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


@pytest.fixture(scope="session")
def contender():
    return Contender


@pytest.fixture(scope="session")
def processes():
    """A multiprocessing pool of as many processes as we have workers, started before any thread is."""
    import multiprocessing

    with multiprocessing.Pool(threadpool.workers()) as pool:
        pool.map(abs, range(100))
        yield pool


@pytest.fixture(scope="session")
def executor(processes):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threadpool.workers()) as executor:
        yield executor
