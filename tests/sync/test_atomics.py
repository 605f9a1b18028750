"""Atomics: results, wrapping, buffers, and errors."""

import array
import ctypes
import mmap
import sys

import numpy
import pytest

from threadpool import Atomics, SharedBuffer

DTYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
OTHER_ORDER = ">" if sys.byteorder == "little" else "<"


@pytest.fixture(params=DTYPES)
def cells(request):
    return numpy.zeros(5, dtype=request.param)


def wrapped(value, dtype):
    """What C makes of a Python int."""
    return int(numpy.array(value % 2 ** (8 * dtype.itemsize), dtype=f"u{dtype.itemsize}").view(dtype))


VALUES = [
    0,
    1,
    -1,
    127,
    128,
    255,
    256,
    -128,
    -129,
    2**31,
    2**63 - 1,
    2**63,
    -(2**63),
    2**64 - 1,
    2**64 + 5,
    -(2**70) - 3,
]


@pytest.mark.parametrize("value", VALUES)
def test_results_and_wrapping_at_every_width(cells, value):
    cells, dtype = cells.copy(), cells.dtype
    cells[2] = 100
    assert Atomics.add(cells, 2, value) == 100
    assert cells[2] == wrapped(100 + value, dtype)
    assert Atomics.sub(cells, 2, value) == wrapped(100 + value, dtype)
    assert cells[2] == 100
    assert Atomics.exchange(cells, 2, value) == 100
    assert Atomics.load(cells, 2) == cells[2] == wrapped(value, dtype)
    assert Atomics.store(cells, 2, value) == value
    assert cells[2] == wrapped(value, dtype)
    assert Atomics.compare_exchange(cells, 2, value, 7) == wrapped(value, dtype)
    assert cells[2] == 7
    assert Atomics.compare_exchange(cells, 2, 8, 9) == 7
    assert cells.tolist() == [0, 0, 7, 0, 0]


def test_decrement_by_wrapping():
    cells = numpy.zeros(1, dtype="uint8")
    assert Atomics.add(cells, 0, -1) == 0
    assert Atomics.load(cells, 0) == 255


def buffers():
    return {
        "SharedBuffer": (SharedBuffer(8), "uint8"),
        "view": (SharedBuffer(80).view("int16"), "int16"),
        "memoryview": (memoryview(bytearray(8)), "uint8"),
        "cast memoryview": (memoryview(bytearray(80)).cast("q"), "int64"),
        "bytearray": (bytearray(8), "uint8"),
        **{f"array {code}": (array.array(code, [0] * 9), None) for code in "bBhHiIlLqQ"},
        "ctypes": ((ctypes.c_uint32 * 9)(), "uint32"),
        "ctypes long": ((ctypes.c_long * 9)(), None),
        "mmap": (mmap.mmap(-1, 100), "uint8"),
        "2-D": (numpy.zeros((3, 4), dtype="int32"), "int32"),
        "subclass": (numpy.zeros(9, dtype="int32").view(type("Sub", (numpy.ndarray,), {})), "int32"),
        "intp": (numpy.zeros(9, dtype=numpy.intp), None),
        "ulonglong": (numpy.zeros(9, dtype=numpy.ulonglong), None),
        "longlong": (numpy.zeros(9, dtype=numpy.longlong), None),
    }


@pytest.mark.parametrize("kind", buffers())
def test_every_buffer(kind):
    buffer, dtype = buffers()[kind]
    assert Atomics.add(buffer, 5, 3) == 0
    assert Atomics.add(buffer, 5, 3) == 3
    assert Atomics.load(buffer, 5) == 6
    assert numpy.asarray(buffer).reshape(-1).tolist()[5] == 6
    assert Atomics.sub(buffer, 5, 7) == 6
    signed = numpy.asarray(buffer).dtype.kind == "i"
    assert (Atomics.load(buffer, 5) == -1) == signed
    assert dtype in (None, str(numpy.asarray(buffer).dtype))


def test_flat_index_of_several_dimensions():
    cells = numpy.zeros((2, 3, 4), dtype="int64")
    for i in range(24):
        Atomics.store(cells, i, i)
    assert (cells.reshape(-1) == numpy.arange(24)).all()
    with pytest.raises(IndexError, match="index 24 is out of range for 24 elements"):
        Atomics.load(cells, 24)


def test_load_from_read_only_memory():
    cells = numpy.arange(5)
    cells.flags.writeable = False
    assert Atomics.load(cells, 3) == 3
    assert Atomics.load(b"abc", 1) == ord("b")


class Index:
    def __init__(self, value, before=lambda: None):
        self.value, self.before = value, before

    def __index__(self):
        self.before()
        return self.value


def test_anything_with_an_index_is_an_integer(cells):
    cells = cells.copy()
    assert Atomics.add(cells, Index(1), Index(5)) == 0
    assert Atomics.add(cells, numpy.int8(1), numpy.uint16(5)) == 5
    assert Atomics.load(cells, True) == 10


def content(buffer):
    return buffer.tobytes() if isinstance(buffer, (numpy.ndarray, memoryview, array.array)) else bytes(buffer)


@pytest.mark.parametrize(
    ("buffer", "error", "words"),
    [
        ([1, 2], TypeError, "buf must be a buffer of integers or floats, not 'list'"),
        (
            numpy.zeros(3, dtype="f2"),
            TypeError,
            "buf must be an array of integers, of float32 or of float64, not of float16",
        ),
        (numpy.zeros(3, dtype="c8"), TypeError, "not of complex64"),
        (numpy.zeros(3, dtype=numpy.longdouble), TypeError, "not of "),
        (numpy.zeros(3, dtype=bool), TypeError, "not of bool"),
        (numpy.zeros(3, dtype="M8[s]"), TypeError, "not of datetime64"),
        (numpy.zeros(3, dtype=object), TypeError, "not of object"),
        (numpy.zeros(3, dtype=f"{OTHER_ORDER}i4"), TypeError, "native byte order"),
        (memoryview(numpy.zeros(3, dtype="c8")), TypeError, "format 'Zf'"),
        (memoryview(numpy.zeros(3, dtype="f2")), TypeError, "format 'e'"),
        (memoryview(bytearray(8)).cast("c"), TypeError, "format 'c'"),
        (memoryview(bytearray(8)).cast("?"), TypeError, r"format '\?'"),
        (memoryview(numpy.zeros(3, dtype=f"{OTHER_ORDER}i4")), TypeError, "native byte order"),
        (b"read-only", BufferError, "buf must be writable, not read-only"),
        (memoryview(bytearray(8)).toreadonly(), BufferError, "read-only"),
        (numpy.broadcast_to(numpy.arange(3), (3,)), BufferError, "read-only"),
        (numpy.zeros(8, dtype="i4")[::2], BufferError, "buf must be C-contiguous"),
        (numpy.zeros((3, 3), dtype="i4").T, BufferError, "C-contiguous"),
        (memoryview(bytearray(8))[::2], BufferError, "C-contiguous"),
        (numpy.zeros(9, dtype="u1")[1:].view("i8"), ValueError, "buf must be aligned"),
        (memoryview(bytearray(17))[1:].cast("q"), ValueError, "aligned"),
    ],
)
def test_unfit_buffers(buffer, error, words):
    before = content(buffer)
    calls = (
        lambda: Atomics.add(buffer, "bad", "bad"),
        lambda: Atomics.store(buffer, 0, 1),
        lambda: Atomics.compare_exchange(buffer, 0, 0, 1),
        lambda: Atomics.exchange(buffer, 99, 1),
    )
    for call in calls:
        with pytest.raises(error, match=words):
            call()
    assert content(buffer) == before


@pytest.mark.parametrize("buffer", [array.array("q"), bytearray(), numpy.zeros(0, dtype="i8")], ids=type)
def test_no_index_is_in_an_empty_buffer(buffer):
    with pytest.raises(IndexError, match="index 0 is out of range for 0 elements"):
        Atomics.add(buffer, 0, 1)


@pytest.mark.parametrize(
    "index",
    [-1, 5, 2**31, 2**63, -(2**63), 10**30, 10**5000, Index(5)],
    ids=lambda index: str(index)[:9] if index != 10**5000 else "huge",
)
def test_index_out_of_range(cells, index):
    for call in (Atomics.add, Atomics.store, Atomics.exchange, Atomics.sub):
        with pytest.raises(IndexError, match="out of range for 5 elements"):
            call(cells, index, "bad")
    with pytest.raises(IndexError, match="out of range for 5 elements"):
        Atomics.load(memoryview(cells), index)
    assert not cells.any()


@pytest.mark.parametrize("index", [1.0, "1", None, [1], numpy.zeros(2), numpy.zeros(2, dtype=bool)])
def test_index_of_a_wrong_type(cells, index):
    with pytest.raises(TypeError):
        Atomics.add(cells, index, "bad")
    assert not cells.any()


@pytest.mark.parametrize("value", [1.0, "1", None, numpy.float64(1)])
def test_value_of_a_wrong_type(cells, value):
    for call in (Atomics.add, Atomics.sub, Atomics.store, Atomics.exchange):
        with pytest.raises(TypeError, match="value must be an integer, not"):
            call(cells, 1, value)
    with pytest.raises(TypeError, match="expected must be an integer, not"):
        Atomics.compare_exchange(cells, 1, value, "bad")
    with pytest.raises(TypeError, match="replacement must be an integer, not"):
        Atomics.compare_exchange(cells, 1, 0, value)
    assert not cells.any()


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2), (1, 2, 3, 4)])
def test_number_of_arguments(arguments):
    with pytest.raises(TypeError, match=r"add\(\) takes 3 arguments"):
        Atomics.add(*arguments)


def test_an_index_that_raises(cells):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Atomics.add(cells, Index(0, fail), 1)
    with pytest.raises(ZeroDivisionError):
        Atomics.add(cells, 0, Index(0, fail))
    assert not cells.any()


def test_an_index_that_resizes_the_buffer():
    data = bytearray(100)
    with pytest.raises(BufferError):
        Atomics.add(data, 99, Index(1, data.clear))
    assert data == bytearray(100)
    cells = numpy.zeros(1000, dtype="int64")
    with pytest.raises(IndexError, match="index 999 is out of range for 1 elements"):
        Atomics.add(cells, 999, Index(1, lambda: cells.resize(1, refcheck=False)))
    cells = numpy.zeros(10, dtype="int64")

    def protect():
        cells.flags.writeable = False

    with pytest.raises(BufferError, match="read-only"):
        Atomics.store(cells, 0, Index(1, protect))
    data.append(1)  # nothing is held any more


@pytest.mark.parametrize(
    ("make", "end"),
    [
        (lambda: mmap.mmap(-1, 100), lambda buffer: buffer.close()),
        (lambda: memoryview(bytearray(100)), lambda buffer: buffer.release()),
        (lambda: SharedBuffer(100), lambda buffer: buffer.close()),
        (lambda: SharedBuffer(100, max_nbytes=1000), lambda buffer: buffer.close()),
        (lambda: array.array("B", bytes(100)), lambda buffer: buffer.extend(bytes(10_000))),
    ],
)
@pytest.mark.parametrize("place", ["index", "value"])
def test_an_index_that_ends_the_buffer(make, end, place):
    buffer = make()
    argument = Index(1, lambda: end(buffer))
    with pytest.raises(BufferError):
        Atomics.add(buffer, argument, 1) if place == "index" else Atomics.add(buffer, 0, argument)
    assert Atomics.load(buffer, 0) == Atomics.load(buffer, 1) == 0
    end(buffer)  # nothing is held any more


def test_a_closed_buffer():
    mapped = mmap.mmap(-1, 100)
    mapped.close()
    with pytest.raises(ValueError, match="closed"):
        Atomics.add(mapped, 0, 1)
    view = memoryview(bytearray(5))
    view.release()
    with pytest.raises(ValueError, match="released"):
        Atomics.add(view, 0, 1)


def test_lock_free_widths_and_pause():
    assert [n for n in range(-2, 20) if Atomics.is_lock_free(n)] == [1, 2, 4, 8]
    assert not Atomics.is_lock_free(2**100)
    with pytest.raises(TypeError):
        Atomics.is_lock_free("4")
    assert Atomics.pause() is None


def test_the_module_documents_every_operation():
    for name in Atomics.__all__:
        assert any(source in getattr(Atomics, name).__doc__ for source in ("ECMAScript", "C++26")), name
