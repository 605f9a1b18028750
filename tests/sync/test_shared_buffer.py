"""SharedBuffer: memory of fixed size and address."""

import ctypes
import gc
import pickle
import weakref

import numpy
import pytest

from threadpool import SharedBuffer


@pytest.mark.parametrize("nbytes", [0, 1, 63, 64, 65, 1 << 20])
def test_zeroed_aligned_and_writable(nbytes):
    buffer = SharedBuffer(nbytes)
    assert buffer.nbytes == len(buffer) == nbytes
    assert bytes(buffer) == bytes(nbytes)
    view = memoryview(buffer)
    assert (view.format, view.readonly, view.shape) == ("B", False, (nbytes,))
    assert buffer.view("uint8").ctypes.data % 64 == 0
    assert repr(buffer) == f"SharedBuffer({nbytes})"


@pytest.mark.parametrize(
    ("nbytes", "error", "words"),
    [
        (-1, ValueError, "nbytes must not be negative, not -1"),
        (1.5, TypeError, "nbytes must be an integer, not 'float'"),
        ("8", TypeError, "nbytes must be an integer, not 'str'"),
        (2**62, MemoryError, "no memory for a SharedBuffer of"),
        (2**63, MemoryError, "no memory"),
        (2**100, MemoryError, "no memory"),
    ],
)
def test_bad_sizes(nbytes, error, words):
    with pytest.raises(error, match=words):
        SharedBuffer(nbytes)


def test_views_share_the_memory():
    buffer = SharedBuffer(64)
    whole, upper = buffer.view("int32"), buffer.view("int64", 32)
    some = buffer.view(numpy.uint16, offset=2, count=3)
    assert (whole.shape, upper.shape, some.shape) == ((16,), (4,), (3,))
    whole[8] = 7
    assert upper[0] == 7
    memoryview(buffer)[2:4] = b"\x01\x00"
    assert some[0] == 1
    ctypes.memset(whole.ctypes.data, 255, 64)
    assert bytes(buffer) == b"\xff" * 64


def test_views_of_nothing():
    assert SharedBuffer(0).view("int64").shape == (0,)
    assert SharedBuffer(8).view("int64", 8).shape == (0,)
    assert SharedBuffer(8).view("int64", 0, 0).shape == (0,)


def test_a_view_keeps_the_memory_alive():
    buffer = SharedBuffer(1 << 16)
    alive = weakref.ref(buffer)
    view = buffer.view("int64")
    del buffer
    gc.collect()
    assert alive() is not None
    view[:] = 3
    assert view.sum() == 3 * len(view)
    del view
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("int64", 4), ValueError, "offset 4 is not a multiple of 8"),
        (("int64", -8), ValueError, "offset -8 is out of range for 30 bytes"),
        (("int64", "x"), TypeError, "offset must be an integer, not 'str'"),
        (("int64", 0, 1.5), TypeError, "count must be an integer, not 'float'"),
        (("int8", 31), ValueError, "offset 31 is out of range"),
        (("int64",), ValueError, "30 bytes are not a whole number of int64"),
        (("int64", 0, 4), ValueError, "count 4 is out of range: from offset 0 there is room for 3"),
        (("int64", 0, -1), ValueError, "count -1 is out of range"),
        (("S0",), ValueError, "not a whole number"),
        ((object,), TypeError, "dtype must not hold Python objects"),
        (("int8", 1.0), TypeError, "integer"),
        (("nonsense",), TypeError, "nonsense"),
    ],
)
def test_bad_views(arguments, error, words):
    with pytest.raises(error, match=words):
        SharedBuffer(30).view(*arguments)


@pytest.mark.parametrize("bounds", [(), (3,), (3, 7), (-4,), (2, -2), (7, 3), (0, 100), (-100, 4), (10, 10), (None, 5)])
def test_slice_copies(bounds):
    buffer = SharedBuffer(10)
    buffer.view("uint8")[:] = range(10)
    copy = buffer.slice(*bounds)
    start, stop = (*bounds, None, None)[:2] if bounds else (None, None)
    assert bytes(copy) == bytes(range(10))[start:stop]
    if len(copy):
        copy.view("uint8")[0] = 99
        assert 99 not in bytes(buffer)


def test_it_is_not_pickled():
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(SharedBuffer(8))
