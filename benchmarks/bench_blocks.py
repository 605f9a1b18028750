"""map_blocks: a NumPy function over the blocks of an array, beside one call of it on the whole."""

import numpy

import threadpool


def test_map_blocks_sin_64_mb(compare, contender, executor):
    array = numpy.random.default_rng(1).random(8_000_000)
    out = numpy.empty_like(array)
    halves = numpy.array_split(array, threadpool.workers())
    compare(
        contender(lambda: threadpool.map_blocks(numpy.sin, array), len(array)),
        {"serial": 1 / 1.85},
        {},
        7,
        serial=contender(lambda: numpy.sin(array), len(array)),
        serial_to_out=contender(lambda: numpy.sin(array, out=out), len(array)),
        to_out=contender(lambda: threadpool.map_blocks(numpy.sin, array, out=out), len(array)),
        executor_map=contender(lambda: numpy.concatenate(list(executor.map(numpy.sin, halves))), len(array)),
    )
