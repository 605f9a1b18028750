"""sha256 over buffers in memory: the kernel beside hashlib, which also lets go of the GIL for buffers over 2 KiB."""

import os

import pytest

import threadpool
import work


@pytest.mark.parametrize(("size", "count"), [(64, 50_000), (4096, 8000), (1 << 20, 64)], ids=["64_B", "4_KiB", "1_MiB"])
def test_sha256(compare, contender, processes, executor, size, count):
    data = [os.urandom(size) for _ in range(count)]
    compare(
        contender(lambda: threadpool.run(threadpool.hashing.sha256, data), count),
        {},
        {"serial": 1 / 1.9, "one_worker": 1 / 1.9},
        serial=contender(lambda: [work.sha256(x) for x in data], count),
        one_worker=contender(lambda: threadpool.run(threadpool.hashing.sha256, data, workers=1), count),
        run_hashlib=contender(lambda: threadpool.run(work.sha256, data), count),
        executor_map=contender(lambda: list(executor.map(work.sha256, data)), count),
        processes_map=contender(lambda: processes.map(work.sha256, data), count),
    )
