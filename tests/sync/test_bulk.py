"""Arrays as the index: many elements in one call."""

import array
import threading

import numpy
import pytest

from threadpool import Atomics, SharedBuffer, run

DTYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
UFUNCS = {
    "add": numpy.add,
    "sub": numpy.subtract,
    "and_": numpy.bitwise_and,
    "or_": numpy.bitwise_or,
    "xor": numpy.bitwise_xor,
    "maximum": numpy.maximum,
    "minimum": numpy.minimum,
}
SIZES = [0, 1, 2, 511, 512, 513, 1024, 1025, 5000]  # around a block, and around what is done attached


@pytest.fixture
def random():
    return numpy.random.default_rng(1)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, dtype) for name in UFUNCS for dtype in DTYPES if dtype[0] != "f" or not name.endswith(("_", "xor"))],
)
@pytest.mark.parametrize("many", [False, True], ids=["one value", "a value each"])
def test_as_numpy_does_it(random, name, dtype, many):
    for size in SIZES:
        start = random.integers(0, 100, 300).astype(dtype)
        cells, expected = SharedBuffer(start.nbytes).view(dtype), start.copy()
        cells[:] = start
        indices = random.integers(0, 300, size)
        values = random.integers(0, 100, size).astype(dtype) if many else cells.dtype.type(37)
        assert getattr(Atomics, name)(cells, indices, values) is None
        UFUNCS[name].at(expected, indices, values)
        assert (cells == expected).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_load_and_store(random, dtype):
    cells = random.integers(0, 100, 300).astype(dtype)
    for size in SIZES:
        indices = random.permutation(300)[:size] if size < 300 else random.integers(0, 300, size)
        loaded = Atomics.load(cells, indices)
        assert loaded.dtype == cells.dtype
        assert (loaded == cells[indices]).all()
        assert Atomics.store(cells, indices, loaded) is None
        assert (Atomics.load(cells, indices) == loaded).all()
    assert Atomics.store(cells, numpy.arange(300), 5) is None
    assert (cells == 5).all()


def test_shapes(random):
    cells = numpy.arange(24).reshape(4, 6)
    indices = numpy.array([[0, 23], [7, 7]])
    loaded = Atomics.load(cells, indices)
    assert loaded.tolist() == [[0, 23], [7, 7]]
    assert Atomics.add(cells, indices, numpy.array([[1, 2], [3, 4]])) is None
    assert Atomics.load(cells, indices).tolist() == [[1, 25], [14, 14]]
    assert Atomics.load(cells, numpy.zeros((3, 0, 2), dtype=int)).shape == (3, 0, 2)


@pytest.mark.parametrize("dtype", DTYPES[:8])
def test_any_integers_are_indices(dtype):
    cells = numpy.arange(100)
    assert Atomics.load(cells, numpy.array([3, 99, 0], dtype)).tolist() == [3, 99, 0]
    assert Atomics.load(cells, numpy.arange(10, dtype=dtype)[::3]).tolist() == [0, 3, 6, 9]
    assert Atomics.load(cells, numpy.arange(3, dtype=f">{numpy.dtype(dtype).str[1:]}")).tolist() == [0, 1, 2]
    with pytest.raises(IndexError):
        Atomics.load(cells, numpy.array([100], dtype))


def test_a_number_in_an_array_of_no_dimension_is_an_index():
    cells = numpy.arange(10)
    assert Atomics.add(cells, numpy.array(3), numpy.array(2)) == 3
    assert Atomics.add(cells, numpy.array([3]), numpy.array(2)) is None
    assert cells[3] == 7


@pytest.mark.parametrize(
    "cells",
    [bytearray(100), memoryview(bytearray(100)), array.array("B", bytes(100)), SharedBuffer(100)],
    ids=lambda cells: type(cells).__name__,
)
@pytest.mark.thread_unsafe(reason="adds to the parameter")
def test_other_buffers(cells):
    indices = numpy.arange(100) % 10
    Atomics.add(cells, indices, 2)
    assert bytes(cells) == bytes([20] * 10 + [0] * 90)
    assert Atomics.load(cells, indices[:3]).tolist() == [20, 20, 20]


@pytest.mark.parametrize("bad", [-1, 300, 2**62, -(2**63)])
@pytest.mark.parametrize("size", [1, 600, 3000])
def test_nothing_is_written_if_one_index_is_out_of_range(bad, size):
    cells = numpy.zeros(300, dtype="int64")
    indices = numpy.arange(size) % 300
    indices[-1] = bad
    for call in (
        lambda: Atomics.add(cells, indices, 1),
        lambda: Atomics.store(cells, indices, "bad"),
        lambda: Atomics.load(cells, indices),
    ):
        with pytest.raises(IndexError, match=rf"index {bad}, at position {size - 1}, is out of range for 300 elements"):
            call()
    assert not cells.any()


@pytest.mark.parametrize(
    ("indices", "values", "error", "words"),
    [
        (numpy.zeros(2), 1, TypeError, "index must be an array of integers, not of float64"),
        (numpy.zeros(2, dtype=bool), 1, TypeError, "not of bool"),
        (numpy.array([]), 1, TypeError, "not of float64"),
        (numpy.arange(2), 1.0, TypeError, "value must be an integer, not 'float'"),
        (numpy.arange(2), numpy.ones(2), TypeError, "value must be an array of integers, not of float64"),
        (numpy.arange(2), numpy.ones(2, dtype=object), TypeError, "not of object"),
        (numpy.arange(2), numpy.arange(3), ValueError, r"value must have the shape of index, \(2,\), not \(3,\)"),
        (numpy.arange(2), numpy.arange(2).reshape(2, 1), ValueError, r"not \(2, 1\)"),
        ([0, 1], 1, TypeError, "index must be an integer, not 'list'"),
    ],
)
def test_bad_arguments(indices, values, error, words):
    cells = numpy.zeros(3, dtype="int32")
    for name in (*UFUNCS, "store"):
        with pytest.raises(error, match=words):
            getattr(Atomics, name)(cells, indices, values)
    assert not cells.any()


def test_values_are_converted_to_the_type_of_the_buffer():
    cells = numpy.zeros(2, dtype="uint8")
    Atomics.add(cells, numpy.arange(2), numpy.array([257, -1]))
    assert cells.tolist() == [1, 255]
    floats = numpy.zeros(2, dtype="float32")
    Atomics.add(floats, numpy.arange(2), numpy.array([1, 2]))
    Atomics.add(floats, numpy.arange(2), numpy.array([0.5, 0.1]))
    assert floats.tolist() == [1.5, numpy.float32(2.1)]
    with pytest.raises(TypeError, match="value must be an array of numbers, not of complex128"):
        Atomics.add(floats, numpy.arange(2), numpy.array([1j, 2]))


@pytest.mark.parametrize("name", ["exchange", "compare_exchange"])
def test_operations_of_one_element_only(name):
    cells = numpy.zeros(3, dtype="int32")
    with pytest.raises(TypeError, match=rf"{name}\(\) takes one index, not an array"):
        getattr(Atomics, name)(cells, numpy.arange(2), *[1] * (1 if name == "exchange" else 2))


def test_a_value_that_shrinks_the_buffer():
    class Shrinks:
        def __index__(self):
            cells.resize(1, refcheck=False)
            return 1

    cells = numpy.zeros(1000, dtype="int64")
    with pytest.raises(IndexError, match=r"index 999, at position 0, is out of range for 1 elements"):
        Atomics.add(cells, numpy.array([999]), Shrinks())


def test_no_addition_is_lost(in_threads):
    cells = SharedBuffer(8).view("int64")
    indices = numpy.zeros(50_000, dtype="int64")
    in_threads(lambda: Atomics.add(cells, indices, 1), 4)
    assert cells[0] == 200_000


def test_a_histogram_by_many_workers(random):
    counts, data = SharedBuffer(8 * 1000).view("int64"), random.integers(0, 1000, 100_000)
    run(lambda part: Atomics.add(counts, part, 1), numpy.array_split(data, 16))
    assert (counts == numpy.bincount(data, minlength=1000)).all()


@pytest.mark.soak
def test_an_array_of_indices_that_another_thread_rewrites(soak):
    """It is either in range as it is used, or refused: memory beside the buffer stays as it is."""
    memory = SharedBuffer(8 * 3000).view("int64")
    cells, indices, stop = memory[1000:2000], numpy.zeros(20_000, dtype="int64"), threading.Event()
    refused = []
    Atomics.add(cells, indices, 1)

    def rewrite():
        while not stop.is_set():
            indices[10_000:10_010] = 1500
            indices[10_000:10_010] = -500
            indices[10_000:10_010] = 7

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(soak(300, 100_000)):
            try:
                Atomics.add(cells, indices, 1)
            except IndexError as error:
                refused.append(str(error))
    finally:
        stop.set()
        writer.join()
    assert not memory[:1000].any()
    assert not memory[2000:].any()
    assert cells[0] > 0
    assert all("out of range" in words for words in refused)
