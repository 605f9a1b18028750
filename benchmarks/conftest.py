"""Benchmarks compare: each rival runs once in each round, beside ours, so that a noisy machine slows down all alike."""

import gc
import os
import pkgutil
import platform
import statistics
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

import threadpool
from threadpool.cli.info import gil_state

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


@dataclass
class Contender:
    """A function to time. `items`: how many it works on, for times by the item."""

    fn: Callable[[], object]
    items: int = 1
    seconds: list[float] = field(default_factory=list)

    def time(self, clock: Callable[[], float]) -> None:
        gc.collect()
        started = clock()
        result = self.fn()
        self.seconds.append((clock() - started) / self.items)
        del result


@dataclass
class Row:
    """A line of the table at the end. `ratios`: our time divided by that of the row, in each round."""

    test: str
    name: str
    value: str
    ratios: list[float] = field(default_factory=list)
    bar: str = ""


ROWS: list[Row] = []


@pytest.fixture
def compare(benchmark, request):
    """`compare(ours, bars, name=rival, …)`: ours is what pytest-benchmark reports; the rivals run between its rounds.

    `bars` maps a rival to a bound of the ratio ours / rival on the free-threaded build, `bars_with_gil` on the other.
    It is printed beside what was measured, not asserted: the machine may be busy. Returns all contenders by name.
    """

    def run(
        ours: Contender,
        bars: dict[str, float],
        bars_with_gil: dict[str, float] | None = None,
        rounds: int = ROUNDS,
        **rivals: Contender,
    ) -> dict[str, Contender]:
        if not FREE_THREADED:
            bars = bars_with_gil or {}
        clock = pkgutil.resolve_name(request.config.getoption("benchmark_timer"))
        contenders = {"threadpool": ours, **rivals}
        for contender in contenders.values():
            contender.fn()

        results = []

        def rivals_first() -> None:
            results.clear()
            for rival in rivals.values():
                rival.time(clock)
            gc.collect()

        # The results are kept, so that dropping them is timed for none.
        benchmark.pedantic(lambda: results.append(ours.fn()), setup=rivals_first, rounds=rounds)
        ours.seconds = [seconds / ours.items for seconds in benchmark.stats.stats.data]
        for name, contender in contenders.items():
            ratios = [a / b for a, b in zip(ours.seconds, contender.seconds, strict=True)]
            seconds = statistics.median(contender.seconds)
            benchmark.extra_info[name] = {"ns_per_item": seconds * 1e9, "ratio": statistics.median(ratios)}
            bar = f"at most {bars[name]:.3g}" if name in bars else ""
            ROWS.append(Row(request.node.name, name, _time(seconds), ratios, bar))
        return contenders

    return run


@pytest.fixture
def record(request):
    """`record(seconds)`: rows measured elsewhere, a list of rounds for each name; the first one is ours."""

    def add(seconds: dict[str, list[float]]) -> None:
        ours = next(iter(seconds.values()))
        for name, rounds in seconds.items():
            ratios = [a / b for a, b in zip(ours, rounds, strict=True)]
            ROWS.append(Row(request.node.name, name, _time(statistics.median(rounds)), ratios))

    return add


@pytest.fixture
def figure(request):
    """`figure(name, text, bar)`: a row that is no time."""

    def add(name: str, text: str, bar: str = "") -> None:
        ROWS.append(Row(request.node.name, name, text, bar=bar))

    return add


def pytest_terminal_summary(terminalreporter):
    if not ROWS:
        return
    write = terminalreporter.write_line
    write("")
    write(
        f"{platform.python_implementation()} {platform.python_version()}, GIL {gil_state()}, "
        f"{threadpool.workers()} workers, {platform.machine()}, threadpool {threadpool.__version__}"
    )
    write(
        f"Medians of {ROUNDS} interleaved rounds. Ratio: time of threadpool / time of the row, with its quartiles; "
        "under 1 we are faster."
    )
    write(f"{'benchmark':34} {'row':28} {'per item':>10} {'ratio':>7} {'quartiles':>13}  bar")
    last = None
    for row in ROWS:
        ratio = f"{statistics.median(row.ratios):.3f}" if row.ratios else ""
        spread = "{:.3f}-{:.3f}".format(*statistics.quantiles(row.ratios, n=4)[::2]) if row.ratios else ""
        test = row.test.removeprefix("test_") if row.test != last else ""
        write(f"{test:34} {row.name:28} {row.value:>10} {ratio:>7} {spread:>13}  {row.bar}".rstrip())
        last = row.test


def _time(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


@pytest.fixture(scope="session")
def contender():
    return Contender


@pytest.fixture(scope="session", autouse=True)
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
