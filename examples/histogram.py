"""A histogram that many workers fill at once: each part of the data is one atomic scatter-add."""

import numpy

import threadpool
from threadpool import Atomics, SharedBuffer


def histogram(values, bins):
    """How often each of 0 … bins - 1 is in an array of integers."""
    counts = SharedBuffer(8 * bins).view("int64")
    parts = numpy.array_split(values, 4 * threadpool.workers())
    threadpool.run(lambda part: Atomics.add(counts, part, 1), parts)
    return counts


if __name__ == "__main__":
    values = numpy.random.default_rng().integers(0, 1_000_000, 5_000_000)
    counts = histogram(values, 1_000_000)
    assert (counts == numpy.bincount(values, minlength=1_000_000)).all()
    print(f"{counts.sum():,} values in {len(counts):,} bins, the fullest has {counts.max()}")
