"""Every operation at every element type, against what NumPy and Python's ints make of it."""

import math
import struct

import numpy
import pytest

from threadpool import Atomics, SharedBuffer

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FLOATS = ["float32", "float64"]

NAN = math.nan
ODD_NAN = struct.unpack("d", struct.pack("Q", 0x7FF8_0000_0000_1234))[0]


def wrapped(value, dtype):
    """What C makes of a Python int."""
    return int(numpy.array(value % 2 ** (8 * dtype.itemsize), dtype=f"u{dtype.itemsize}").view(dtype))


MODELS = {
    "add": lambda old, value: old + value,
    "sub": lambda old, value: old - value,
    "and_": lambda old, value: old & value,
    "or_": lambda old, value: old | value,
    "xor": lambda old, value: old ^ value,
    "maximum": max,
    "minimum": min,
    "exchange": lambda old, value: value,
}


def edges(dtype):
    info = numpy.iinfo(dtype)
    return sorted({0, 1, 2, 0x55, info.min, info.min + 1, info.max - 1, info.max} | ({-1} if info.min else set()))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers(name, dtype):
    cells = SharedBuffer(64).view(dtype)
    for old in edges(cells.dtype):
        for value in edges(cells.dtype):
            cells[1] = old
            assert getattr(Atomics, name)(cells, 1, value) == old
            assert cells[1] == wrapped(MODELS[name](old, value), cells.dtype), (old, value)
    assert not cells[0]
    assert not cells[2:].any()


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_integers_are_compared_after_they_wrapped(name):
    small = numpy.array([100, 100], dtype="int8")
    getattr(Atomics, name)(small, 0, 200)  # -56
    assert small[0] == MODELS[name](100, -56)
    large = numpy.array([100, 100], dtype="uint8")
    getattr(Atomics, name)(large, 0, -1)  # 255
    assert large[0] == MODELS[name](100, 255)


FLOAT_VALUES = [0.0, -0.0, 1.5, -2.25, math.inf, -math.inf, NAN, 1e30, 2.0**-140]


def same(a, b):
    """Equal, or both NaN; the zeros have the same sign."""
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))


def test_floats_are_the_same_by_this_test():
    assert same(0.0, 0.0)
    assert same(NAN, -NAN)
    assert not same(0.0, -0.0)
    assert not same(1.0, NAN)


def greatest(a, b):
    """IEEE 754-2019, maximum."""
    if math.isnan(a) or math.isnan(b):
        return NAN
    return max(a, b, key=lambda x: (x, math.copysign(1, x)))


FLOAT_MODELS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "maximum": greatest,
    "minimum": lambda a, b: -greatest(-a, -b),
    "exchange": lambda a, b: b,
    "store": lambda a, b: b,
}


@pytest.mark.parametrize("name", FLOAT_MODELS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats(name, dtype):
    cells = SharedBuffer(64).view(dtype)
    for old in numpy.array(FLOAT_VALUES, dtype):
        for value in FLOAT_VALUES:
            cells[1] = old
            result = getattr(Atomics, name)(cells, 1, value)
            assert isinstance(result, float)
            assert same(result, value if name == "store" else float(old))
            with numpy.errstate(all="ignore"):
                expected = FLOAT_MODELS[name](old, cells.dtype.type(value))
            assert same(float(cells[1]), float(expected)), (old, value)
            assert same(Atomics.load(cells, 1), float(expected))
    assert not cells[0]
    assert not cells[2:].any()


@pytest.mark.parametrize("dtype", FLOATS)
def test_floats_are_compared_by_their_bits(dtype):
    cells = numpy.array([NAN, 0.0, 1.5], dtype)
    assert math.isnan(Atomics.compare_exchange(cells, 0, NAN, 2))
    assert cells[0] == 2
    assert Atomics.compare_exchange(cells, 1, -0.0, 2) == 0
    assert cells[1] == 0
    assert Atomics.compare_exchange(cells, 1, 0, -0.0) == 0
    assert same(float(cells[1]), -0.0)
    assert Atomics.compare_exchange(cells, 2, 1.5, 3) == 1.5
    assert cells[2] == 3


def test_the_bits_of_a_nan_are_kept():
    cells = numpy.zeros(2)
    Atomics.store(cells, 0, ODD_NAN)
    assert cells.view("u8")[0] == 0x7FF8_0000_0000_1234
    Atomics.compare_exchange(cells, 0, NAN, 1)
    assert math.isnan(cells[0])
    assert struct.pack("d", Atomics.exchange(cells, 0, 1)) == struct.pack("d", ODD_NAN)


def test_a_value_for_float32_is_rounded_to_the_nearest():
    cells = numpy.zeros(2, "float32")
    Atomics.store(cells, 0, 0.1)
    assert cells[0] == numpy.float32(0.1)
    assert Atomics.load(cells, 0) == float(numpy.float32(0.1))
    Atomics.store(cells, 0, 1e300)
    assert cells[0] == math.inf


class Number:
    def __float__(self):
        return 2.5


@pytest.mark.parametrize("value", [2.5, numpy.float32(2.5), numpy.float64(2.5), Number()])
def test_anything_with_a_float_is_a_number(value):
    cells = numpy.zeros(2)
    assert Atomics.add(cells, 1, value) == 0
    assert Atomics.add(cells, 1, True) == 2.5
    assert Atomics.add(cells, 1, 2**53) == 3.5
    assert cells[1] == 3.5 + 2**53
    assert Atomics.store(cells, 0, value) is value


@pytest.mark.parametrize("value", ["1", None, 1j, [1.0]])
def test_values_that_are_no_numbers(value):
    cells = numpy.zeros(3)
    for name in FLOAT_MODELS:
        with pytest.raises(TypeError, match="value must be a number, not"):
            getattr(Atomics, name)(cells, 1, value)
    with pytest.raises(TypeError, match="replacement must be a number, not"):
        Atomics.compare_exchange(cells, 1, 0, value)
    with pytest.raises(OverflowError):
        Atomics.add(cells, 1, 10**400)
    assert not cells.any()


@pytest.mark.parametrize("name", ["and_", "or_", "xor"])
@pytest.mark.parametrize("index", [0, numpy.arange(2)], ids=["one", "many"])
def test_floats_have_no_bitwise_operations(name, index):
    cells = numpy.ones(3)
    with pytest.raises(TypeError, match=rf"{name}\(\) takes a buffer of integers, not of floats"):
        getattr(Atomics, name)(cells, index, 1)
    assert cells.tolist() == [1, 1, 1]


@pytest.mark.parametrize("make", [lambda: memoryview(numpy.zeros(4)), lambda: numpy.zeros((2, 2))], ids=["view", "2-D"])
def test_floats_in_other_buffers(make):
    cells = make()
    assert Atomics.add(cells, 3, 0.5) == 0
    assert Atomics.add(cells, 3, 0.5) == 0.5
    assert numpy.asarray(cells).reshape(-1).tolist() == [0, 0, 0, 1]


@pytest.mark.soak
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
def test_no_update_is_lost_of_any_operation(in_threads, dtype, soak):
    cells = SharedBuffer(64).view(dtype)
    times, threads = soak(100_000, 10**7 // 8), 8
    if dtype == "float32":
        times = min(times, 2**24 // threads - 1)  # beyond that it does not count by ones
    bits = 8 * cells.itemsize if dtype in INTEGERS else 0
    turn = iter(range(threads)).__next__

    def work():
        me = turn()
        for i in range(times):
            Atomics.add(cells, 0, 1)
            Atomics.sub(cells, 1, 1)
            Atomics.maximum(cells, 2, (i * threads + me) % 100)
            Atomics.minimum(cells, 3, -(i % 2) if dtype[0] != "u" else 7 - me)
            if bits:
                Atomics.xor(cells, 4, 1 << me % bits)
                Atomics.or_(cells, 5, 1 << me % 7)
                Atomics.and_(cells, 6, ~(1 << me % 7))

    cells[6:7] = 127
    in_threads(work, threads)
    total = times * threads
    as_dtype = (lambda x: wrapped(x, cells.dtype)) if bits else float
    assert cells[:4].tolist() == [as_dtype(total), as_dtype(-total), 99, 0 if dtype[0] == "u" else -1]
    if bits:
        assert cells[4:7].tolist() == [0, 127, 0]  # each an even number of times
