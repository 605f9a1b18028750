"""Atomic operations, beside the cheapest calls that Python has and what people use instead."""

import multiprocessing
import threading
import timeit

import cereggii
import numpy
import pytest

import threadpool
from threadpool import Atomics, SharedBuffer

TIMES = 20_000
BINS = 1_000_000


def repeat(contender, statement, **names):
    """All names are local ones of the loop."""
    setup = "; ".join(f"{name} = names[{name!r}]" for name in names)
    timer = timeit.Timer(statement, setup, globals={"names": names})
    return contender(lambda: timer.timeit(TIMES), TIMES)


BUFFERS = {
    "array": lambda: numpy.zeros(16, dtype="int64"),
    "view": lambda: SharedBuffer(128).view("int64"),
    "bytearray": lambda: bytearray(16),
    "memoryview": lambda: memoryview(bytearray(16)),
}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("array", 0), ("array", 1), ("view", 0), ("view", 1), ("bytearray", 1), ("memoryview", 1)],
    ids=lambda part: {0: "results up to 256", 1: "results of any size"}.get(part, part),
)
def test_add(compare, contender, kind, value):
    """With results beyond 256 an int is made for each: the time of abs(-1000), more or less."""
    buffer = BUFFERS[kind]()
    compare(
        repeat(contender, "add(buffer, 3, value)", add=Atomics.add, buffer=buffer, value=value),
        {
            "abs_3": 1.4 if kind in ("array", "view") else 2.5,
            "lock_and_add": 1 / 6,
            "cereggii": 1,
            "multiprocessing_value": 0.1,
        },
        abs_3=repeat(contender, "abs(number)", abs=abs, number=3),
        abs_1000=repeat(contender, "abs(number)", abs=abs, number=-1000),
        lock_and_add=repeat(
            contender, "with lock: cells[3] += 1", lock=threading.Lock(), cells=numpy.zeros(16, dtype="int64")
        ),
        cereggii=repeat(contender, "add(1)", add=cereggii.AtomicInt64(0).increment_and_get),
        multiprocessing_value=repeat(
            contender, "with value.get_lock(): value.value += 1", value=multiprocessing.Value("q")
        ),
    )


def test_add_in_two_threads_to_two_arrays(compare, contender):
    """Nothing is shared but the function and the types."""

    def work(times):
        add, cells = Atomics.add, numpy.zeros(16, dtype="int64")
        for _ in range(times):
            add(cells, 3, 1)

    times = 20 * TIMES
    compare(
        contender(lambda: threadpool.run(work, [times, times], workers=2), 2 * times),
        {"one_thread": 1 / 1.8},
        one_thread=contender(lambda: work(2 * times), 2 * times),
    )


@pytest.fixture(params=[1000, BINS], ids=lambda bins: f"{bins} bins")
def histogram(request):
    """Places at random, and counts for them."""
    indices = numpy.random.default_rng(1).integers(0, request.param, BINS)
    return SharedBuffer(8 * request.param).view("int64"), indices


def test_add_many(compare, contender, histogram):
    counts, indices = histogram
    compare(
        contender(lambda: Atomics.add(counts, indices, 1), BINS),
        {"numpy_add_at": 1.5},
        numpy_add_at=contender(lambda: numpy.add.at(counts, indices, 1), BINS),
        numpy_bincount=contender(lambda: numpy.bincount(indices, minlength=len(counts)), BINS),
    )


def test_add_many_by_two_workers(compare, contender, histogram):
    counts, indices = histogram
    parts = numpy.array_split(indices, 2)
    compare(
        contender(lambda: threadpool.run(lambda part: Atomics.add(counts, part, 1), parts, workers=2), BINS),
        {"one_thread": 1 / 1.5} if len(counts) == BINS else {},
        one_thread=contender(lambda: Atomics.add(counts, indices, 1), BINS),
    )
