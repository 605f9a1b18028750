"""The same job done by several methods: interleaved rounds, results compared, and the memory that each takes.

A method is a context manager of the number of workers, which gives a function from a list of paths to results.
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from multiprocessing import get_context
from pathlib import Path

ROUNDS = 7

Job = Callable[[list[str]], list[str]]
Method = Callable[[int], AbstractContextManager[Job]]


def fork_or_default() -> str | None:
    """How processes start: the fastest way there is."""
    return "fork" if sys.platform == "linux" else None


def describe(workers: int, rounds: int) -> str:
    from threadpool.cli.info import gil_state

    return (
        f"{platform.python_implementation()} {platform.python_version()}, GIL {gil_state()}; {workers} workers; "
        f"{rounds} interleaved rounds, warm cache"
    )


def measure(
    methods: Mapping[str, Method],
    paths: list[str],
    workers: int,
    rounds: int,
    check: Callable[[str, list[str]], object],
) -> dict[str, list[float]]:
    """The seconds of each method in each round; all pools are started before the clock is."""
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    with ExitStack() as stack:
        jobs = {name: stack.enter_context(method(workers)) for name, method in methods.items()}
        for number in range(rounds + 1):
            for name, job in jobs.items():
                started = time.perf_counter()
                results = job(paths)
                passed = time.perf_counter() - started
                check(name, results)
                if number:  # the first round warms up
                    seconds[name].append(passed)
    return seconds


def print_table(
    methods: Mapping[str, Method],
    seconds: dict[str, list[float]],
    reference: str,
    rate: str,
    amount: float,
    paths: list[str],
    workers: int,
) -> None:
    """A row for each method, the slowest first. `amount`: of what `rate` counts in a second."""
    width = max(22, *(len(name) + 2 for name in methods))
    print(f"\n{'':{width}}{'seconds':>9}{rate:>12}{f'speed, × {reference}':>30}{'peak memory':>13}")
    for name in sorted(methods, key=lambda name: -statistics.median(seconds[name])):
        took = statistics.median(seconds[name])
        speed = statistics.median(a / b for a, b in zip(seconds[reference], seconds[name], strict=True))
        memory = peak_memory(methods[name], paths, workers)
        print(
            f"{name:{width}}{took:9.3f}{amount / took:12.0f}{speed:30.2f}"
            f"{f'{memory / 1e6:.0f} MB' if memory else 'unknown':>13}"
        )


def peak_memory(method: Method, paths: list[str], workers: int) -> int:
    """The most memory that a process of its own, and its children, had while it did the job once."""
    parent, child = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_job_for_memory, args=(method, paths, workers, child))
    process.start()
    parent.recv()
    before = proportional_memory(process.pid or 0)
    parent.send("go")
    peak = before
    while not parent.poll(0.002):
        peak = max(peak, proportional_memory(process.pid or 0))
    process.join()
    return peak


def proportional_memory(pid: int) -> int:
    """Bytes of a process and its children, shared pages counted in proportion; 0 where the system does not tell."""
    total = 0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                total += proportional_memory(int(child))
    except OSError:
        pass
    return total


def _job_for_memory(method, paths, workers, pipe) -> None:
    with method(workers) as job:
        pipe.send("ready")
        pipe.recv()
        job(paths)
        pipe.send("done")
