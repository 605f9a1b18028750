"""map_blocks: a NumPy function over the blocks of an array, beside one call of it on the whole.

What limits it is memory: plain threads that write to a new array tell how much this machine lets two cores have.
"""

import threading

import numpy
import pytest

import threadpool


def in_plain_threads(array):
    out = numpy.empty_like(array)
    parts = zip(
        numpy.array_split(array, threadpool.workers()), numpy.array_split(out, threadpool.workers()), strict=True
    )
    threads = [threading.Thread(target=numpy.sin, args=part) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return out


@pytest.mark.parametrize("largest", [1, 100])
def test_map_blocks_sin_64_mb(compare, contender, executor, largest):
    array = numpy.random.default_rng(1).random(8_000_000) * largest
    out = numpy.empty_like(array)
    halves = numpy.array_split(array, threadpool.workers())
    compare(
        contender(lambda: threadpool.map_blocks(numpy.sin, array), len(array)),
        {"serial": 1 / 1.85},
        {},
        9,
        serial=contender(lambda: numpy.sin(array), len(array)),
        plain_threads=contender(lambda: in_plain_threads(array), len(array)),
        serial_to_out=contender(lambda: numpy.sin(array, out=out), len(array)),
        to_out=contender(lambda: threadpool.map_blocks(numpy.sin, array, out=out), len(array)),
        executor_map=contender(lambda: numpy.concatenate(list(executor.map(numpy.sin, halves))), len(array)),
    )
