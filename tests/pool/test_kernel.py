"""threadpool.kernel: C functions from ctypes, cffi and whatever has an address."""

import array
import ctypes
import ctypes.util
import errno
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

import threadpool
from threadpool import Pool, kernel

BUFFERS = [bytes([i % 251]) * (i + 1) for i in range(1000)]
SUMS = [sum(buffer) for buffer in BUFFERS]


def little(number):
    return number.to_bytes(8, sys.byteorder)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (8, [little(total) for total in SUMS]),
        ("u8", SUMS),
        (numpy.uint64, SUMS),
        (numpy.dtype("uint64"), SUMS),
        ([("total", "u8")], [(total,) for total in SUMS]),
    ],
    ids=["bytes", "code", "type", "dtype", "record"],
)
@pytest.mark.parametrize("options", [{}, {"workers": 1}, {"chunk": 7}], ids=str)
def test_results_are_bytes_or_python_scalars(library, result, expected, options):
    total = kernel(library.sum, result=result)
    results = threadpool.run(total, BUFFERS, **options)
    assert results == expected
    assert type(results[0]) is type(expected[0])
    assert [total(buffer) for buffer in BUFFERS[:10]] == expected[:10]
    assert threadpool.run(total, []) == []


def test_results_are_arrays(library):
    rows = numpy.random.default_rng(1).random((500, 7))
    low_and_high = kernel(library.extremes, result=("f8", 2))
    results = threadpool.run(low_and_high, rows)
    assert [result.shape for result in results] == [(2,)] * 500
    assert (numpy.array(results) == numpy.stack([rows.min(1), rows.max(1)], axis=1)).all()
    assert low_and_high(rows).tolist() == [rows.min(), rows.max()]
    in_rows = kernel(library.extremes, result=("f8", (1, 2)))
    assert threadpool.run(in_rows, [array.array("d", [3, 1, 2])])[0].tolist() == [[1.0, 3.0]]


@pytest.mark.parametrize("options", [{}, {"workers": 1}], ids=str)
def test_in_place(library, options):
    negate = kernel(library.negate)
    rows = numpy.arange(6000.0).reshape(1000, 6)
    assert threadpool.run(negate, rows, **options) == [None] * 1000
    assert (rows == -numpy.arange(6000.0).reshape(1000, 6)).all()
    mixed = [rows[1], array.array("d", [1, 2]), bytearray(8), rows[2, 3:]]
    assert threadpool.run(negate, mixed, **options) == [None] * 4
    assert rows[1].tolist() == [6, 7, 8, 9, 10, 11]
    assert mixed[1].tolist() == [-1, -2]
    assert rows[2].tolist() == [-12, -13, -14, 15, 16, 17]
    assert negate(rows[1]) is None
    assert rows[1, 0] == -6


def test_what_cannot_be_changed_in_place_is_named(library):
    negate = kernel(library.negate)
    frozen = numpy.zeros((3, 3))
    frozen.flags.writeable = False
    for data in (b"12345678", frozen[0], memoryview(b"12345678")):
        with pytest.raises(BufferError, match=r"^data must be a contiguous, writable buffer"):
            negate(data)
        with pytest.raises(BufferError, match=r"^data\[1\] must be a contiguous, writable buffer"):
            threadpool.run(negate, [bytearray(8), data])
    with pytest.raises(BufferError, match=r"^data\[0\] must be a contiguous, writable buffer"):
        threadpool.run(negate, frozen)


@pytest.mark.parametrize(
    "rows",
    [
        numpy.arange(60, dtype="u1").reshape(5, 12),
        numpy.arange(60, dtype="u1").reshape(5, 3, 4),
        numpy.arange(60, dtype="u1").reshape(10, 6)[::2],
        numpy.arange(60, dtype="u1").reshape(10, 6)[::-1],
        numpy.arange(60, dtype="u1").reshape(5, 12)[:, 3:7],
        numpy.arange(60, dtype="<u2").reshape(60, 1),
        numpy.arange(60, dtype=">u2").reshape(5, 12).T[:, :1],
        (ctypes.c_ubyte * 6 * 10)(*[(ctypes.c_ubyte * 6)(*range(i, i + 6)) for i in range(10)]),
    ],
    ids=range(8),
)
def test_rows_of_an_array(library, rows):
    expected = [sum(bytes(row)) for row in rows]
    assert threadpool.run(kernel(library.sum, result="u8"), rows) == expected


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (numpy.zeros((4, 6))[:, ::2], BufferError, r"data\[0\] must be a contiguous buffer"),
        (numpy.zeros((4, 6)).T, BufferError, r"data\[0\] must be a contiguous buffer"),
        ([b"a", "b"], TypeError, r"data\[1\] must be a bytes-like object, not 'str'"),
        (numpy.array(3.0), TypeError, "^data must be iterable, not a 0-d array"),
        (3, TypeError, "^data must be iterable, not 'int'"),
        (numpy.zeros((0, 6)), None, ""),
    ],
)
def test_what_the_items_must_be(library, data, error, words):
    total = kernel(library.sum, result="u8")
    if error is None:
        assert threadpool.run(total, data) == []
        return
    with pytest.raises(error, match=words):
        threadpool.run(total, data)
    assert threadpool.run(total, [b"\1"]) == [1]


def test_rows_stay_pinned_no_longer_than_the_run(library):
    rows = numpy.ones((10, 8))
    threadpool.run(kernel(library.negate), rows)
    rows.resize((20, 8), refcheck=False)
    before = sys.getrefcount(rows)
    threadpool.run(kernel(library.negate), rows)
    assert sys.getrefcount(rows) == before


# Errors


@pytest.mark.parametrize("options", [{}, {"workers": 1}, {"chunk": 3}], ids=str)
@pytest.mark.parametrize(("bad", "code"), [(b"", 7), (b"\xff", -2)])
def test_the_code_of_lowest_index_is_raised(library, bad, code, options):
    total = kernel(library.sum, result=8)
    for index in (0, 500, 999):
        data = [*BUFFERS]
        data[index] = data[-1] = bad
        with pytest.raises(RuntimeError, match=f"^sum returned code {code}") as caught:
            threadpool.run(total, data, **options)
        assert caught.value.__notes__ == [f"threadpool: item {index} of the run"]
    with pytest.raises(RuntimeError, match=f"^sum returned code {code}$"):
        total(bad)


def test_errors_as_messages(library):
    total = kernel(library.sum, result=8, name="total", errors={7: "no bytes to sum up"})
    with pytest.raises(RuntimeError, match=r"^total: no bytes to sum up$"):
        total(b"")
    with pytest.raises(RuntimeError, match=r"^total returned code -2"):
        threadpool.run(total, [b"\xff"])


def test_errors_as_exceptions(library):
    total = kernel(library.sum, result=8, errors=lambda code: OSError(abs(code), os.strerror(abs(code))))
    with pytest.raises(OSError) as caught:
        threadpool.run(total, [b"a", b"\xff"])
    assert caught.value.errno == errno.ENOENT
    assert caught.value.__notes__ == ["threadpool: item 1 of the run"]
    wrong = kernel(library.sum, result=8, errors=str)
    with pytest.raises(TypeError, match="errors must return an exception, not 'str'"):
        threadpool.run(wrong, [b""])
    with pytest.raises(ZeroDivisionError):
        threadpool.run(kernel(library.sum, result=8, errors=lambda code: 1 / 0), [b""])


class Stubborn(Exception):
    def add_note(self, note):
        raise ZeroDivisionError


def test_errors_stand_in_the_list_or_in_a_group(library):
    total = kernel(library.sum, result=8)
    data = [b"\1", b"", b"\2", "text", b"\xff"]
    with Pool(2) as pool:
        results = pool.run(total, data, errors="return")
        assert (pool.stats().completed, pool.stats().failed) == (2, 3)
        assert (results[0], results[2]) == (little(1), little(2))
        assert [type(results[i]) for i in (1, 3, 4)] == [RuntimeError, TypeError, RuntimeError]
        assert [results[i].__notes__ for i in (1, 3, 4)] == [[f"threadpool: item {i} of the run"] for i in (1, 3, 4)]
        with pytest.raises(ExceptionGroup) as caught:
            pool.run(total, data, errors="group")
        assert [str(error) for error in caught.value.exceptions] == [str(results[i]) for i in (1, 3, 4)]
        assert pool.run(total, BUFFERS, errors="return") == pool.run(total, BUFFERS)
        assert pool.run(kernel(library.sum, result="u8"), numpy.ones((5, 3), "u1"), errors="group") == [3] * 5
        half = kernel(library.f8_to_f8, argument="f8", result="f8")
        results = pool.run(half, [1, "x", numpy.float64(3)], errors="return")
        assert (results[0], results[2]) == (0.5, 1.5)
        assert re.match("data must be a number of type float64: .*str", str(results[1]))
        with pytest.raises(TypeError, match="takes one input"):
            pool.starmap(total, [(b"a",)], errors="return")


def test_only_what_ran_is_counted_as_completed(library):
    with Pool(1) as pool, pytest.raises(RuntimeError):
        pool.run(kernel(library.sum, result=8), [b"\1"] * 1000 + [b""] + [b"\1"] * 1000, workers=1)
    assert (pool.stats().completed, pool.stats().failed, pool.stats().cancelled) == (1000, 1, 1000)


@pytest.mark.parametrize("errors", [lambda code: 1 / 0, lambda code: Stubborn(code)], ids=["errors", "add_note"])
@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
def test_no_result_is_lost_to_an_error_that_cannot_be_made(library, errors, name):
    total = kernel(library.sum, result=8, errors=errors)
    results = []
    with Pool(1) as pool:
        with pytest.raises((ZeroDivisionError, Stubborn)) as caught:
            for result in getattr(pool, name)(total, [b"\1"] * 500 + [b""]):
                results.append(result)
        assert results == [little(1)] * 500
        assert (pool.stats().completed, pool.stats().failed) == (500, 1)
        with pytest.raises(type(caught.value)):
            pool.run(total, [b"\1", b""], workers=1)
        assert (pool.stats().completed, pool.stats().failed) == (501, 2)
    if caught.type is ZeroDivisionError:
        assert caught.value.__notes__ == ["threadpool: item 500 of the run"]


@pytest.mark.parametrize("name", ["imap", "imap_unordered", "run"])
def test_results_that_are_no_objects_are_an_error(library, name):
    broken = kernel(library.no_character, result="U1")
    with Pool(1) as pool, pytest.raises((SystemError, ValueError), match="character"):
        list(getattr(pool, name)(broken, [b"a"] * 3))


# Numbers

LIBRARY = Path(__file__).with_name("library.c").read_text()
CONVERSIONS = [line.split("(")[0].split()[-1] for line in LIBRARY.splitlines() if "x / 2" in line]


@pytest.mark.parametrize("name", CONVERSIONS)
def test_every_type_of_number(library, name):
    argument, result = name.split("_to_")
    half = kernel(getattr(library, name), argument=argument, result=result)
    whole = "f" not in name
    numbers = [0, 1, 2, 100, 2**31 - 1] if "4" in name else [0, 1, 2, 100, 2**63 - 1]
    if argument[0] != "u":
        numbers += [-number for number in numbers]
    if "f" in name:
        numbers = numbers[:4]
    expected = [int(number / 2) if whole and abs(number) < 2**50 else number / 2 for number in numbers]
    if whole:
        expected = [abs(number) // 2 * (1 if number > 0 else -1) for number in numbers]
    elif name[0] in "iu" or "_to_i" in name:
        expected = [int(number / 2) for number in numbers]
    results = threadpool.run(half, numbers)
    assert results == expected
    assert type(results[0]) is (float if result[0] == "f" else int)
    assert threadpool.run(half, numpy.array(numbers, dtype=argument)) == expected
    assert half(numbers[3]) == expected[3]


@pytest.mark.parametrize(
    "make",
    [
        list,
        iter,
        lambda numbers: array.array("d", numbers),
        numpy.array,
        lambda numbers: numpy.array(numbers, dtype=">f8"),
        lambda numbers: numpy.array(numbers, dtype="f4"),
        lambda numbers: numpy.repeat(numbers, 2)[::2],
        lambda numbers: memoryview(numpy.array(numbers)),
        lambda numbers: (ctypes.c_double * len(numbers))(*numbers),
    ],
    ids=range(9),
)
@pytest.mark.parametrize("size", [0, 1, 1000])
def test_every_source_of_numbers(library, make, size):
    half = kernel(library.f8_to_f8, argument="f8", result="f8")
    numbers = [float(number) for number in range(size)]
    assert threadpool.run(half, make(numbers)) == [number / 2 for number in numbers]


def test_many_numbers(library):
    numbers = numpy.random.default_rng(1).random(200_000)
    half = kernel(library.f8_to_f8, argument="f8", result="f8")
    assert threadpool.run(half, numbers) == (numbers / 2).tolist()


@pytest.mark.parametrize(
    ("argument", "data", "error", "words"),
    [
        ("f8", [1.0, "x"], TypeError, r"data\[1\] must be a number of type float64: .*not str"),
        ("i4", [1, 1.5], TypeError, r"data\[1\] must be a number of type int32"),
        ("i4", [1, 2, 2**31], OverflowError, r"data\[2\] must be a number of type int32"),
        ("u8", [-1], OverflowError, r"data\[0\] must be a number of type uint64"),
        ("f8", numpy.zeros((2, 3)), TypeError, r"data\[0\] must be a number of type float64"),
        ("f8", 3.0, TypeError, "^data must be iterable, not 'float'"),
        ("f8", None, TypeError, "^data must be iterable, not 'NoneType'"),
        ("f8", numpy.array(3.0), TypeError, "^data must be iterable, not a 0-d array"),
    ],
)
def test_what_does_not_fit_is_named(library, argument, data, error, words):
    # Nothing is called, so the function need not be of that type.
    with pytest.raises(error, match=words):
        threadpool.run(kernel(library.f8_to_f8, argument=argument, result="f8"), data)


# Pointers


def test_a_function_of_the_c_library():
    libm = ctypes.CDLL(ctypes.util.find_library("m") or "ucrtbase")
    log2 = kernel(libm.log2, argument="f8", result="f8")
    assert repr(log2) == "<kernel log2>"
    assert threadpool.run(log2, [1, 8, 0.5]) == [0.0, 3.0, -1.0]


def test_an_address(library):
    address = ctypes.cast(library.sum, ctypes.c_void_p).value
    total = kernel(address, result="u8")
    assert total.name == f"kernel at {address:#x}"
    assert threadpool.run(total, [b"abc", b"a"]) == [294, 97]


def test_what_has_an_address_is_kept_alive(library):
    """The protocol of Numba's cfunc, whose code lives as long as the object."""
    import gc
    import weakref

    class CFunc:
        address = ctypes.cast(library.sum, ctypes.c_void_p).value
        __name__ = "total"

    function = CFunc()
    alive = weakref.ref(function)
    total = kernel(function, result="u8")
    del function
    gc.collect()
    assert alive() is not None
    assert total.name == "total"
    assert threadpool.run(total, [b"abc"]) == [294]
    del total
    gc.collect()
    assert alive() is None


def test_numba():
    numba = pytest.importorskip("numba", reason="numba is not installed; it has no free-threaded wheels")

    @numba.cfunc("int32(voidptr, intp, voidptr)")
    def total(data, size, result):
        numba.carray(result, 1, numpy.uint64)[0] = numba.carray(data, size, numpy.uint8).sum()
        return 0

    @numba.cfunc("float64(float64)")
    def square(x):
        return x * x

    assert threadpool.run(kernel(total, result="u8"), BUFFERS) == SUMS
    assert threadpool.run(kernel(square, argument="f8", result="f8"), range(100)) == [x * x for x in range(100)]


def test_cffi(library_path):
    cffi = pytest.importorskip("cffi", reason="cffi is not installed; it has no wheels for 3.13t")
    ffi = cffi.FFI()
    ffi.cdef("int sum(const void *, size_t, void *); double f8_to_f8(double);")
    library = ffi.dlopen(library_path)
    assert threadpool.run(kernel(library.sum, result="u8"), BUFFERS) == SUMS
    assert threadpool.run(kernel(library.f8_to_f8, argument="f8", result="f8"), [3]) == [1.5]
    with pytest.raises(TypeError, match="must be a function pointer of ctypes or cffi"):
        kernel(ffi.new("int *"))
    with pytest.raises(ValueError, match="null"):
        kernel(ffi.cast("double (*)(double)", 0))
    with pytest.raises(TypeError, match="give run the Python function itself"):
        kernel(ffi.callback("double(double)", math.sqrt))


@pytest.mark.parametrize(
    ("fn", "options", "error", "words"),
    [
        (len, {}, TypeError, "fn must be a function pointer of ctypes or cffi, .*, not 'builtin_function_or_method'"),
        ("sum", {}, TypeError, "not 'str'"),
        (0, {}, ValueError, "fn must not be a null pointer"),
        (True, {}, TypeError, "fn must be a function pointer of ctypes or cffi"),
        (-1, {"result": 8}, ValueError, "fn must be an address, not -1"),
        (2**70, {"argument": "f8", "result": "f8"}, ValueError, f"fn must be an address, not {2**70}"),
        (ctypes.CFUNCTYPE(ctypes.c_int)(), {}, ValueError, "fn must not be a null pointer"),
        (ctypes.CFUNCTYPE(ctypes.c_int)(int), {}, TypeError, "calls Python: give run the Python function itself"),
        (ctypes.pythonapi.PyErr_CheckSignals, {}, TypeError, "calls Python"),
        (1, {"result": 0}, ValueError, "result must be at least 1 byte, not 0"),
        (1, {"result": -1}, ValueError, "result must be at least 1 byte, not -1"),
        (1, {"result": "S"}, ValueError, "result must be at least 1 byte, not 0"),
        (1, {"result": "O"}, TypeError, "result must be a NumPy dtype without Python objects, not 'O'"),
        (1, {"result": "float65"}, TypeError, "result must be a NumPy dtype without Python objects, not 'float65'"),
        (1, {"result": 1.5}, TypeError, "result must be a NumPy dtype without Python objects, not 1.5"),
        (1, {"result": True}, TypeError, "result must be a number of bytes or a NumPy dtype, not True"),
        (1, {"result": 10**30}, ValueError, f"result must be .*, not {10**30}"),
        (1, {"argument": "foo", "result": "f8"}, TypeError, "argument must be a NumPy dtype .*, not 'foo'"),
        (1, {"argument": "f8"}, TypeError, "result must be a NumPy dtype without Python objects, not None"),
        (1, {"argument": "f8", "result": "i2"}, TypeError, "result must be an integer or a float of 4 or 8 bytes"),
        (1, {"argument": ">f8", "result": "f8"}, TypeError, "argument must be .* in native order, not >f8"),
        (1, {"argument": "c8", "result": "f8"}, TypeError, "argument must be .*, not complex64"),
        (1, {"argument": "f8", "result": "f8", "errors": {}}, TypeError, "errors must be None with argument"),
        (1, {"result": 8, "errors": 3}, TypeError, "errors must be a mapping or a callable, not 'int'"),
        (1, {"result": 8, "name": 3}, TypeError, "name"),
    ],
)
def test_bad_arguments(fn, options, error, words):
    with pytest.raises(error, match=words):
        kernel(fn, **options)


def test_options_are_refused(library):
    import functools

    for made in (kernel(library.sum, result=8), kernel(library.f8_to_f8, argument="f8", result="f8")):
        with pytest.raises(TypeError, match=f"{made.name} takes no option 'size'"):
            threadpool.run(functools.partial(made, size=3), [b"a"])


def test_in_many_threads(library, in_threads):
    total = kernel(library.sum, result="u8")
    half = kernel(library.f8_to_f8, argument="f8", result="f8")
    rows = numpy.arange(4000, dtype="u1").reshape(100, 40)
    expected = [int(row.sum(dtype="u8")) for row in rows]
    shared = bytearray(b"\1" * 100)

    def one():
        for _ in range(50):
            assert threadpool.run(total, rows) == expected
            assert threadpool.run(total, [shared] * 50) == [100] * 50
            assert threadpool.run(half, [1.0, 2.0]) == [0.5, 1.0]

    in_threads(one, 4)


def test_kernels_made_of_one_pointer_in_many_threads(library, in_threads):
    pointers = [library["sum"] for _ in range(3000)]

    def make():
        for pointer in pointers:
            kernel(pointer, result=8)
            ctypes.cast(pointer, ctypes.c_void_p)  # the first time, adds to what the pointer keeps alive

    in_threads(make, 4)


@pytest.mark.thread_unsafe(reason="a process of its own")
def test_import_stays_light():
    program = "import sys, threadpool; assert not {'numpy', 'ctypes', 'threadpool.pool._pointer'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
