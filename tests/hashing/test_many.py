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
    expected = digests(data)
    assert rows(kernel.many(data)) == expected
    assert run(kernel, data) == expected
    assert run(kernel, data, workers=1) == expected
    assert run(kernel, data, chunk=5) == expected


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
        ([-1, 2], r"offsets must be from 0 to 5, the size of data: offsets\[0\] is -1"),
        ([0, 3, 2], r"offsets must not decrease, nor pass 5, the size of data: offsets\[2\] is 2, after 3"),
        ([0, 6], r"offsets\[1\] is 6, after 0"),
        ([0, 2**63 - 1], "nor pass 5"),
    ],
)
def test_bad_offsets(offsets, words):
    out = numpy.zeros((len(offsets), 32), "uint8")
    with pytest.raises(ValueError, match=words):
        hashing.sha256.many((b"abcde", numpy.array(offsets, "int64")), out=out)
    assert not out.any()


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ((b"abc", numpy.array([0.0, 3.0])), "offsets must be an array of integers, .* not of float64"),
        ((b"abc", numpy.array([[0, 3]])), "offsets must be .* with one dimension, not of int64 with 2"),
        ((b"abc", numpy.array([True])), "offsets must be an array of integers, .* not of bool"),
        ((b"a", b"b"), "offsets must be an array of integers"),
        ((b"a", b"b", b"c"), r"items must be \(data, offsets\) if it is a tuple, not of 3 elements"),
        (("abc", numpy.array([0, 1])), "data must be a bytes-like object, not 'str'"),
        ("abc", "data must be several bytes-like objects, not one: 'str'"),
        (b"abc", "data must be several bytes-like objects, not one: 'bytes'"),
        ([b"a", "b"], r"data\[1\] must be a bytes-like object, not 'str'"),
        (5, "iterable"),
    ],
)
def test_bad_items(items, words):
    with pytest.raises(TypeError, match=words):
        hashing.sha256.many(items)


def test_offsets_in_a_list_and_beyond_what_is_signed():
    assert rows(hashing.sha256.many((b"abc", [0, 1, 3]))) == [hashing.sha256(b"a"), hashing.sha256(b"bc")]
    with pytest.raises(ValueError, match=r"offsets\[1\] is 18446744073709551615, after 0"):
        hashing.sha256.many((b"abc", numpy.array([0, 2**64 - 1], "uint64")))


def test_items_that_are_not_contiguous():
    with pytest.raises(BufferError, match="contiguous"):
        hashing.sha256.many([numpy.zeros(8, "uint8")[::2]])


def test_the_bases_of_kernels_have_no_function():
    for base in type(hashing.md5).__mro__[1:3]:  # SHA-256 has one more, on CPUs without instructions for it
        for call in (lambda: base()(b"a"), lambda: run(base(), [b"a"]), lambda: base().many([b"a"])):  # noqa: B023
            with pytest.raises((NotImplementedError, TypeError), match=r"no function|no results"):
                call()


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
