"""The main job: the SHA-256 of every file below a folder, four ways, side by side.

    make run                 every file below this interpreter's own installation
    make run DIR=folder      another folder

Serially with hashlib, with multiprocessing.Pool, with ThreadPoolExecutor, and with threadpool; warm cache, interleaved
rounds, all digests compared. The pools are started before the clock is.
"""

import argparse
import hashlib
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path

ROUNDS = 7
CHUNK = 32  # files in a message to a process; the fastest of 1, 8, 32 and 128 here

Digests = list[str]
Job = Callable[[list[str]], Digests]


def hash_one(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


@contextmanager
def serial(workers: int) -> Iterator[Job]:
    yield lambda paths: [hash_one(path) for path in paths]


@contextmanager
def processes(workers: int) -> Iterator[Job]:
    with get_context("fork" if sys.platform == "linux" else None).Pool(workers) as pool:
        pool.map(abs, range(workers * 4), 1)
        yield lambda paths: pool.map(hash_one, paths, CHUNK)


@contextmanager
def executor(workers: int) -> Iterator[Job]:
    with ThreadPoolExecutor(workers) as pool:
        yield lambda paths: list(pool.map(hash_one, paths))


@contextmanager
def ours(workers: int) -> Iterator[Job]:
    from threadpool.hashing import hash_files

    yield lambda paths: [digest for _, digest in hash_files(paths)]


# The processes come first: a fork with threads about is an accident waiting to happen.
METHODS = {
    "multiprocessing.Pool": processes,
    "hashlib, serial": serial,
    "ThreadPoolExecutor": executor,
    "threadpool": ours,
}


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


def peak_memory(method: str, paths: list[str], workers: int) -> int:
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


def _job_for_memory(method, paths, workers, pipe) -> None:
    with METHODS[method](workers) as job:
        pipe.send("ready")
        pipe.recv()
        job(paths)
        pipe.send("done")


def own_installation() -> str:
    """The folder of this interpreter; its library where that is shared with the rest of the system."""
    prefix = sys.base_prefix
    return os.path.dirname(os.__file__) if prefix in ("/usr", "/usr/local") else prefix


def readable_files(folder: str) -> list[str]:
    from threadpool.hashing.tree import regular_files

    paths = [path for path in regular_files(folder) if isinstance(path, str) and os.access(path, os.R_OK)]
    if not paths:
        sys.exit(f"hash_folder: no readable files below {folder}")
    return paths


def measure(paths: list[str], workers: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {method: [] for method in METHODS}
    with ExitStack() as stack:
        jobs = {name: stack.enter_context(method(workers)) for name, method in METHODS.items()}
        expected = jobs["hashlib, serial"](paths)  # this also warms the cache
        for number in range(ROUNDS + 1):
            for name, job in jobs.items():
                started = time.perf_counter()
                digests = job(paths)
                passed = time.perf_counter() - started
                if digests != expected:
                    wrong = next(path for path, a, b in zip(paths, digests, expected, strict=True) if a != b)
                    sys.exit(f"hash_folder: {name} disagrees with hashlib on {wrong} (does the file change?)")
                if number:  # the first round warms up
                    seconds[name].append(passed)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", default=own_installation())
    folder = parser.parse_args().folder
    if not os.path.isdir(folder):
        sys.exit(f"hash_folder: {folder} is not a folder")

    import threadpool
    from threadpool.cli.info import gil_state

    paths = readable_files(folder)
    size = sum(os.path.getsize(path) for path in paths)
    workers = threadpool.workers()
    print(f"SHA-256 of {len(paths):,} files, {size / 1e6:,.1f} MB, below {folder}")
    print(
        f"{platform.python_implementation()} {platform.python_version()}, GIL {gil_state()}; {workers} workers; "
        f"{ROUNDS} interleaved rounds, warm cache"
    )
    seconds = measure(paths, workers)
    reference = seconds["multiprocessing.Pool"]
    print(f"\n{'':22}{'seconds':>9}{'MB/s':>8}{'speed, × multiprocessing':>26}{'peak memory':>13}")
    for name in sorted(METHODS, key=lambda name: -statistics.median(seconds[name])):
        took = statistics.median(seconds[name])
        speed = statistics.median(a / b for a, b in zip(reference, seconds[name], strict=True))
        memory = peak_memory(name, paths, workers)
        print(
            f"{name:22}{took:9.3f}{size / took / 1e6:8.0f}{speed:26.2f}"
            f"{f'{memory / 1e6:.0f} MB' if memory else 'unknown':>13}"
        )
    print("\nAll four agree on every digest.")


if __name__ == "__main__":
    main()
