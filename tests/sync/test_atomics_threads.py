"""Atomics from several threads: no update is lost, and all threads see one order."""

import threading

import numpy
import pytest

from threadpool import Atomics, SharedBuffer

THREADS = 8
TIMES = 20_000


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_no_update_is_lost(in_threads, dtype):
    cells = SharedBuffer(64).view(dtype)

    def work():
        for _ in range(TIMES):
            Atomics.add(cells, 0, 1)
            Atomics.sub(cells, 1, 3)
            old = Atomics.load(cells, 2)
            while (now := Atomics.compare_exchange(cells, 2, old, old + 1)) != old:
                old = now

    in_threads(work, THREADS)
    total = numpy.array([1, -3, 1], dtype="int64") * THREADS * TIMES
    assert (cells[:3] == total.astype(dtype)).all()
    assert not cells[3:].any()


def test_an_exchanged_token_is_never_doubled_nor_lost(in_threads):
    cells = numpy.zeros(1, dtype="int64")
    Atomics.store(cells, 0, 1)

    def pass_around():
        seen = 0
        for _ in range(TIMES):
            if Atomics.exchange(cells, 0, 0):
                seen += 1
                Atomics.store(cells, 0, 1)
        return seen

    assert sum(in_threads(pass_around, 4)) >= 1
    assert Atomics.load(cells, 0) == 1


def test_store_buffering_is_never_seen():
    """Both threads write their cell, then read the other's: sequentially consistent, so one of them sees a 1."""
    rounds = 3000
    x, y = (SharedBuffer(8).view("int64") for _ in range(2))
    reads = [[0] * rounds, [0] * rounds]
    barrier = threading.Barrier(2)
    errors = []

    def one(mine, other, results):
        try:
            for i in range(rounds):
                barrier.wait(60)
                Atomics.store(mine, 0, 1)
                results[i] = Atomics.load(other, 0)
                barrier.wait(60)
                Atomics.store(mine, 0, 0)
        except BaseException as error:
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=one, args=a) for a in ((x, y, reads[0]), (y, x, reads[1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert (0, 0) not in set(zip(*reads, strict=True))


@pytest.mark.parametrize("make", [bytearray, lambda n: memoryview(bytearray(n)), SharedBuffer])
def test_one_exporter_in_several_threads(in_threads, make):
    data = make(16)

    def work():
        for _ in range(TIMES):
            Atomics.add(data, 3, 1)

    in_threads(work, 4)
    assert Atomics.load(data, 3) == 4 * TIMES % 256
    if isinstance(data, bytearray):
        data.append(1)  # BufferError if an export were left


def test_a_lock_made_of_atomics_protects_what_is_not_atomic(in_threads):
    lock = SharedBuffer(4).view("int32")
    counter = [0]

    def work():
        for _ in range(2000):
            while Atomics.compare_exchange(lock, 0, 0, 1):
                Atomics.pause()
            counter[0] = counter[0] + 1
            Atomics.store(lock, 0, 0)

    in_threads(work, 2)
    assert counter == [4000]
