"""Digests of many buffers as the rows of one array, and of many at once by one thread."""

import itertools
import random

import numpy
import pytest

from threadpool import hashing, run

SIZES = [0, 1, 55, 56, 63, 64, 65, 119, 120, 127, 128, 183, 184, 192, 255, 256, 257, 1000, 4096, 70_000]


def rows(array):
    if array.ndim == 1:
        assert array.dtype == numpy.uint32
        return array.tolist()
    assert array.dtype == numpy.uint8
    return [bytes(row) for row in array]


@pytest.fixture
def digests(reference):
    return lambda buffers: [reference(buffer) for buffer in buffers]


@pytest.fixture
def randomly():
    return random.Random(1)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 100, 1000])
def test_messages_of_any_sizes(kernel, digests, randomly, count):
    data = [randomly.randbytes(randomly.choice(SIZES)) for _ in range(count)]
    assert rows(kernel.many(data)) == digests(data)
    assert run(kernel, data) == digests(data)
    assert run(kernel, data, workers=1) == digests(data)
    assert run(kernel, data, chunk=5) == digests(data)


@pytest.mark.parametrize("size", SIZES[:-1])
def test_messages_of_one_size(kernel, digests, randomly, size):
    data = [randomly.randbytes(size) for _ in range(50)]
    assert rows(kernel.many(data)) == digests(data)


@pytest.mark.parametrize("stride", [100, 101, 164])
def test_rows_of_an_array(kernel, digests, randomly, stride):
    table = numpy.frombuffer(randomly.randbytes(stride * 300), "uint8").reshape(300, stride)[:, :100]
    assert rows(kernel.many(table)) == digests(row.tobytes() for row in table)
    assert rows(kernel.many(table[::-2])) == digests(row.tobytes() for row in table[::-2])


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32", "uint64"])
def test_parts_of_a_buffer(kernel, digests, randomly, dtype):
    text = randomly.randbytes(5000)
    offsets = numpy.array(sorted([0, 5000, 17, 17, *(randomly.randrange(5000) for _ in range(200))]), dtype)
    parts = [text[begin:end] for begin, end in itertools.pairwise(offsets)]
    for buffer in (text, bytearray(text), numpy.frombuffer(text, "uint8")):
        assert rows(kernel.many((buffer, offsets))) == digests(parts)
    assert len(kernel.many((text, offsets[:1]))) == 0


def test_out(kernel, digests):
    data = [b"a", b"b", b"c"]
    out = numpy.zeros_like(kernel.many(data))
    assert kernel.many(data, out=out) is out
    assert rows(out) == digests(data)


def read_only(array):
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("out", "error", "words"),
    [
        (numpy.zeros((3, 32), "uint8"), ValueError, r"out must be .* of uint8 and shape \(2, 32\), not .* \(3, 32\)"),
        (numpy.zeros((2, 32), "int8"), ValueError, r"not of int8"),
        (numpy.zeros((2, 64), "uint8")[:, ::2], ValueError, "with other flags"),
        (read_only(numpy.zeros((2, 32), "uint8")), ValueError, "with other flags"),
        (bytearray(64), TypeError, "out must be an array, not 'bytearray'"),
    ],
)
def test_bad_out(out, error, words):
    with pytest.raises(error, match=words):
        hashing.sha256.many([b"a", b"b"], out=out)


@pytest.mark.parametrize(
    ("offsets", "words"),
    [
        ([], "offsets must have at least one element"),
        ([-1, 2], r"offsets must not be negative: offsets\[0\] is -1"),
        ([0, 3, 2], r"offsets must increase up to 5, the size of data: offsets\[2\] is 2, after 3"),
        ([0, 6], r"offsets\[1\] is 6, after 0"),
        ([0, 2**63 - 1], "must increase up to 5"),
    ],
)
def test_bad_offsets(offsets, words):
    out = numpy.zeros((len(offsets), 32), "uint8")
    with pytest.raises(ValueError, match=words):
        hashing.sha256.many((b"abcde", numpy.array(offsets, "int64")), out=out)
    assert not out.any()


def test_bad_items():
    with pytest.raises(TypeError, match=r"data\[1\] must be a bytes-like object, not 'str'"):
        hashing.sha256.many([b"a", "b"])
    with pytest.raises(TypeError, match=r"data\[0\] must be a bytes-like object, not 'str'"):
        hashing.sha256.many(("abc", numpy.array([0, 1])))
    with pytest.raises(TypeError):
        hashing.sha256.many(5)
    with pytest.raises(BufferError, match="contiguous"):
        hashing.sha256.many([numpy.zeros(8, "uint8")[::2]])


def test_out_that_overlaps_the_data():
    memory = numpy.arange(700 * 64, dtype="uint8")
    rows, out = memory.reshape(700, 64), memory[: 700 * 32].reshape(700, 32)
    with pytest.raises(ValueError, match=r"out must not overlap the data, but does with data\[0\]"):
        hashing.sha256.many(rows, out=out)
    with pytest.raises(ValueError, match=r"overlap the data, but does with data\[1\]"):
        hashing.sha256.many([b"abc", memory[-64:]], out=memory[-64:].reshape(2, 32))
    with pytest.raises(ValueError, match="overlap"):
        hashing.sha256.many((memory, numpy.array([5, 64])), out=memory[:32].reshape(1, 32))
    assert memory.tolist() == numpy.arange(700 * 64, dtype="uint8").tolist()
    apart = hashing.sha256.many((memory, numpy.array([32, 64])), out=memory[:32].reshape(1, 32))
    assert bytes(apart[0]) == hashing.sha256(memory[32:64])
