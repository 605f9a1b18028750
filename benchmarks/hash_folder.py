"""The main job: the SHA-256 of every file below a folder, four ways, side by side.

    make run                 every file below this interpreter's own installation
    make run DIR=folder      another folder
    make run ROUNDS=1        fewer rounds

Serially with hashlib, with multiprocessing.Pool, with ThreadPoolExecutor, and with threadpool; warm cache, interleaved
rounds, all digests compared. The pools are started before the clock is.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from side_by_side import ROUNDS, Job, describe, fork_or_default, measure, print_table

CHUNK = 32  # files in a message to a process; the fastest of 1, 8, 32 and 128 here


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
    with get_context(fork_or_default()).Pool(workers) as pool:
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


def own_installation() -> str:
    """The folder of this interpreter; its library where that is shared with the rest of the system."""
    prefix = sys.base_prefix
    return os.path.dirname(os.__file__) if prefix in ("/usr", "/usr/local") else prefix


def readable_files(folder: str) -> list[str]:
    from threadpool.files.tree import regular_files

    paths = [path for path in regular_files(folder) if isinstance(path, str) and os.access(path, os.R_OK)]
    if not paths:
        sys.exit(f"hash_folder: no readable files below {folder}")
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", default=own_installation())
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    folder = arguments.folder
    if not os.path.isdir(folder):
        sys.exit(f"hash_folder: {folder} is not a folder")

    import threadpool

    paths = readable_files(folder)
    size = sum(os.path.getsize(path) for path in paths)
    workers = threadpool.workers()
    print(f"SHA-256 of {len(paths):,} files, {size / 1e6:,.1f} MB, below {folder}")
    print(describe(workers, arguments.rounds))
    expected = [hash_one(path) for path in paths]  # this also warms the cache

    def check(name: str, digests: list[str]) -> None:
        if digests != expected:
            wrong = next(path for path, a, b in zip(paths, digests, expected, strict=True) if a != b)
            sys.exit(f"hash_folder: {name} disagrees with hashlib on {wrong} (does the file change?)")

    seconds = measure(METHODS, paths, workers, arguments.rounds, check)
    print_table(METHODS, seconds, "multiprocessing.Pool", "MB/s", size / 1e6, paths, workers)
    print("\nAll four agree on every digest.")


if __name__ == "__main__":
    main()
