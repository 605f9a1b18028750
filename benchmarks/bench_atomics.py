"""One atomic addition, beside the cheapest call that Python has and what people use instead."""

import multiprocessing
import threading
import timeit

import numpy
import pytest

from threadpool import Atomics, SharedBuffer

TIMES = 20_000


def repeat(contender, statement, **names):
    timer = timeit.Timer(statement, globals=names)
    return contender(lambda: timer.timeit(TIMES), TIMES)


BUFFERS = {
    "array": lambda: numpy.zeros(16, dtype="int64"),
    "view": lambda: SharedBuffer(128).view("int64"),
    "bytearray": lambda: bytearray(16),
    "memoryview": lambda: memoryview(bytearray(16)),
}


@pytest.mark.parametrize("kind", BUFFERS)
def test_add(compare, contender, kind):
    buffer = BUFFERS[kind]()
    compare(
        repeat(contender, "add(buffer, 3, 1)", add=Atomics.add, buffer=buffer),
        {
            "abs": 1.4 if kind in ("array", "view") else 2.5,
            "lock_and_add": 1 / 6,
            "multiprocessing_value": 0.1,
        },
        abs=repeat(contender, "abs(3)", abs=abs),
        lock_and_add=repeat(
            contender, "with lock: cells[3] += 1", lock=threading.Lock(), cells=numpy.zeros(16, dtype="int64")
        ),
        multiprocessing_value=repeat(
            contender, "with value.get_lock(): value.value += 1", value=multiprocessing.Value("q")
        ),
    )
