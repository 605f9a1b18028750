"""map_blocks: what NumPy would have returned for the whole array."""

import threading

import numpy
import pytest

import threadpool
from threadpool import Pool, map_blocks

DTYPES = [
    "bool",
    "int8",
    "uint16",
    "int64",
    "float32",
    "float64",
    "complex128",
    "datetime64[s]",
    "U5",
    "object",
    "i2,f8",
]


def sample(*shape, dtype="float64"):
    return numpy.arange(numpy.prod(shape, dtype=int)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_every_dtype_comes_out_as_it_went_in(dtype, axis):
    array = sample(31, 17).astype("i2,f8") if dtype == "i2,f8" else sample(31, 17, dtype=dtype)
    result = map_blocks(numpy.copy, array, axis=axis, block=4)
    assert result.dtype == array.dtype
    assert (result == array).all()


@pytest.mark.parametrize("ufunc", [numpy.sign, numpy.isfinite, numpy.spacing, numpy.frompyfunc(str, 1, 1)], ids=str)
@pytest.mark.parametrize("dtype", ["int8", "float16", "float32", ">f8"])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_ufunc_is_what_it_is_on_the_whole_array(ufunc, dtype, axis):
    array = sample(31, 17, dtype=dtype) - 9
    expected = ufunc(array)
    for out in (None, numpy.empty_like(expected)):
        with numpy.errstate(all="ignore"):  # str may leave a floating-point flag, of which a ufunc would warn
            result = map_blocks(ufunc, array, axis=axis, block=2, out=out)
        assert result.dtype == expected.dtype
        assert numpy.array_equal(result, expected)


def test_a_ufunc_of_two_results_is_refused():
    with pytest.raises(TypeError, match="fn must return a NumPy array, not 'tuple'"):
        map_blocks(numpy.modf, sample(30), block=1)


def test_an_error_of_a_ufunc_has_the_number_of_its_block():
    fails_at_19 = numpy.frompyfunc(lambda x: 1 / (19 - x), 1, 1)
    with pytest.raises(ZeroDivisionError) as caught:
        map_blocks(fails_at_19, numpy.arange(30), block=2)
    assert caught.value.__notes__ == ["threadpool: item 9 of the run"]


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("block", [None, 1, 2, 3, 5, 100, 10**30])
def test_every_axis_and_block(axis, block):
    array = sample(5, 6, 7)
    assert numpy.array_equal(map_blocks(numpy.sqrt, array, axis=axis, block=block), numpy.sqrt(array))


def test_blocks_are_views_of_the_size_asked_for():
    array = sample(10, 3)
    seen = []

    def note(view):
        assert view.base is array or view.base is array.base
        seen.append(view.shape)
        return view + 1

    assert numpy.array_equal(map_blocks(note, array, block=4), array + 1)
    assert sorted(seen) == [(2, 3), (4, 3), (4, 3)]


def test_a_large_array_by_default():
    array = sample(1_000_000)
    assert numpy.array_equal(map_blocks(numpy.sqrt, array), numpy.sqrt(array))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (0, 0)])
def test_empty_arrays(shape):
    array = numpy.zeros(shape, "float32")
    result = map_blocks(lambda view: view.astype("int16"), array)
    assert result.shape == shape
    assert result.dtype == "int16"
    out = numpy.zeros(shape, "int16")
    assert map_blocks(lambda view: view.astype("int16"), array, out=out) is out


@pytest.mark.parametrize(
    "array",
    [
        sample(20, 30)[::-2, ::3],
        sample(20, 30).T,
        numpy.asfortranarray(sample(20, 30)),
        numpy.broadcast_to(sample(30), (20, 30)),
        sample(20, 30).astype(">f8"),
    ],
    ids=["strided", "transposed", "fortran", "broadcast", "big-endian"],
)
@pytest.mark.parametrize("axis", [0, 1])
def test_any_layout(array, axis):
    assert numpy.array_equal(map_blocks(numpy.negative, array, axis=axis, block=3), -array)


def test_read_only_input():
    array = sample(100)
    array.flags.writeable = False
    assert numpy.array_equal(map_blocks(numpy.sqrt, array, block=7), numpy.sqrt(array))


@pytest.mark.parametrize("block", [3, 1000])
def test_the_result_never_shares_memory_with_the_input(block):
    array = sample(100)
    result = map_blocks(lambda view: view, array, block=block)
    assert numpy.array_equal(result, array)
    assert not numpy.shares_memory(result, array)


def test_other_dimensions_may_change():
    array = sample(20, 6)
    result = map_blocks(lambda view: view[:, :2].astype("int8"), array, block=3)
    assert numpy.array_equal(result, array[:, :2].astype("int8"))
    added = map_blocks(lambda view: view[..., None], array, block=3)
    assert added.shape == (20, 6, 1)
    assert numpy.array_equal(map_blocks(lambda view: view.sum(axis=1), array, block=3), array.sum(axis=1))


def test_reductions_and_selections_are_concatenated():
    array = sample(20, 6)
    sums = map_blocks(lambda view: view.sum(axis=0, keepdims=True), array, block=5)
    assert numpy.array_equal(sums, array.reshape(4, 5, 6).sum(axis=1))
    numbers = numpy.arange(100)
    assert numpy.array_equal(map_blocks(lambda view: view[view % 3 == 0], numbers, block=8), numbers[::3])
    assert numpy.array_equal(map_blocks(lambda view: view.repeat(2), numbers, block=8), numbers.repeat(2))


@pytest.mark.parametrize("block", [2, 100])
def test_results_that_cannot_be_joined(block):
    with pytest.raises(ValueError, match=r"cannot be joined along axis 0: fn returned the shapes \[\(\)\]"):
        map_blocks(lambda view: numpy.array(1), sample(10), block=block)


@pytest.mark.parametrize("block", [1, 2, 3, 5, 10])
@pytest.mark.parametrize("odd", range(10))
def test_results_of_different_lengths_and_dtypes_are_joined_however_many_blocks_there_are(block, odd):
    array = sample(10)
    assert numpy.array_equal(map_blocks(lambda view: view[view != odd], array, block=block), array[array != odd])
    joined = map_blocks(lambda view: view if odd in view else view.astype("int8"), array, block=block)
    assert numpy.array_equal(joined, array)
    assert joined.dtype == "float64"
    words = map_blocks(lambda view: (view + (990 if odd in view else 0)).astype(int).astype(str), array, block=block)
    assert words.tolist() == [str(i + (990 if i // block == odd // block else 0)) for i in range(10)]


def test_results_that_differ_in_another_dimension():
    with pytest.raises(ValueError, match=r"cannot be joined along axis 0: .*\(1, 2\), \(1, 3\)"):
        map_blocks(lambda view: view[:1, : 2 if 0 in view else 3], sample(10, 4), block=5)
    with pytest.raises(ValueError, match=r"cannot be joined along axis 0: .*\(2, 4\), \(2, 3\)"):
        map_blocks(lambda view: view[:, : 3 if 36 in view else 4], sample(20, 4), block=2)


@pytest.mark.parametrize("use_out", [False, True])
def test_a_function_that_writes_its_results_to_the_same_memory(use_out):
    local, array = threading.local(), sample(16_000)

    def double(view):
        if not hasattr(local, "scratch"):
            local.scratch = numpy.empty(1000)
        return numpy.multiply(view, 2, out=local.scratch[: len(view)])

    for _ in range(20):
        result = map_blocks(double, array, block=1000, out=numpy.empty_like(array) if use_out else None)
        assert numpy.array_equal(result, 2 * array)


@pytest.mark.parametrize("block", [4, 40])
def test_the_order_in_memory_is_that_of_the_results(block):
    assert map_blocks(numpy.sqrt, numpy.asfortranarray(sample(40, 5)), axis=1, block=block).flags.f_contiguous
    assert map_blocks(numpy.sqrt, sample(40, 5), block=block).flags.c_contiguous


class Units(numpy.ndarray):
    pass


class Insistent(numpy.ndarray):
    __array_priority__ = 10  # concatenate keeps it


def test_subclasses_are_passed_to_fn():
    array = sample(30).view(Units)
    kinds = set()

    def note(view):
        kinds.add(type(view))
        return view * 2

    assert numpy.array_equal(numpy.asarray(map_blocks(note, array, block=4)), sample(30) * 2)
    assert kinds == {Units}


@pytest.mark.parametrize("block", [None, 1, 2, 3, 7, 10, 20])
@pytest.mark.parametrize("kind", ["subclass", "insistent", "records", "memmap"])
def test_the_type_is_what_concatenate_makes_of_the_blocks_however_many_there_are(kind, block, tmp_path):
    array = {
        "subclass": lambda: sample(10, 3).view(Units),
        "insistent": lambda: sample(10, 3).view(Insistent),
        "records": lambda: numpy.rec.array([(i, i / 2) for i in range(10)], dtype=[("a", "i4"), ("b", "f4")]),
        "memmap": lambda: numpy.memmap(tmp_path / "map", dtype="f8", mode="w+", shape=(10, 3)),
    }[kind]()
    for fn in (lambda view: view[:], numpy.copy):
        result = map_blocks(fn, array, block=block)
        expected = numpy.concatenate([fn(array)])
        assert (type(result), result.dtype) == (type(expected), expected.dtype)
        assert numpy.array_equal(result, expected)


@pytest.mark.parametrize("odd", range(10))
def test_one_result_of_another_type_decides_like_in_concatenate(odd):
    result = map_blocks(lambda view: view.view(Insistent) if 3 * odd in view else view, sample(10, 3), block=1)
    assert type(result) is Insistent
    assert numpy.array_equal(result, sample(10, 3))


def test_masks_are_refused_rather_than_lost():
    with pytest.raises(TypeError, match="without a mask"):
        map_blocks(lambda view: view, numpy.ma.masked_array([1, 2, 3], [0, 1, 0]), block=1)


# out


@pytest.mark.parametrize("axis", [0, 1])
def test_out_is_written_and_returned(axis):
    array = sample(9, 8)
    out = numpy.zeros((9, 8), "int32")
    assert map_blocks(lambda view: view.astype("int32") + 1, array, axis=axis, block=2, out=out) is out
    assert numpy.array_equal(out, array.astype("int32") + 1)


def test_out_may_be_the_array_itself_or_strided():
    array = sample(100)
    map_blocks(numpy.negative, array, block=7, out=array)
    assert numpy.array_equal(array, -sample(100))
    wide = numpy.zeros((100, 2))
    map_blocks(numpy.negative, array, block=7, out=wide[:, 1])
    assert numpy.array_equal(wide[:, 1], sample(100))
    assert not wide[:, 0].any()


READ_ONLY = numpy.zeros(10)
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    ("out", "error", "words"),
    [
        ([0.0] * 10, TypeError, "out must be a NumPy array, not 'list'"),
        (READ_ONLY, ValueError, "out must be writable"),
        (numpy.zeros(9), ValueError, r"out must have 10 elements along axis 0, not the shape \(9,\)"),
        (numpy.zeros(()), ValueError, r"out must have 10 elements along axis 0, not the shape \(\)"),
        (numpy.zeros((10, 2)), ValueError, r"shape \(3,\) where \(3, 2\) was due"),
        (numpy.zeros(10, "float32"), ValueError, "float64 where float32 was due"),
    ],
    ids=["list", "read-only", "length", "0-d", "dimensions", "dtype"],
)
def test_a_bad_out_is_named(out, error, words):
    with pytest.raises(error, match=words):
        map_blocks(numpy.sqrt, sample(10), block=3, out=out)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((3, sample(3)), {}, TypeError, "fn must be callable, not 'int'"),
        ((abs, [1, 2]), {}, TypeError, "array must be a NumPy array, not 'list'"),
        ((abs, numpy.array(3)), {}, ValueError, "axis 0 is out of range for an array of 0 dimensions"),
        ((abs, sample(3)), {"axis": 1}, ValueError, "axis 1 is out of range for an array of 1 dimensions"),
        ((abs, sample(3)), {"axis": -2}, ValueError, "axis -2 is out of range"),
        ((abs, sample(3)), {"axis": "x"}, TypeError, "axis must be an integer, not 'str'"),
        ((abs, sample(3)), {"block": 0}, ValueError, "block must be at least 1, not 0"),
        ((abs, sample(3)), {"block": 1.5}, TypeError, "block must be an integer, not 'float'"),
        ((len, sample(3)), {}, TypeError, "fn must return a NumPy array, not 'int'"),
        ((numpy.sum, sample(3)), {}, TypeError, "fn must return a NumPy array, not 'float64'"),
    ],
)
def test_bad_input_is_named(arguments, options, error, words):
    with pytest.raises(error, match=words):
        map_blocks(*arguments, **options)


# Errors, threads


@pytest.mark.parametrize("bad", [0, 1, 5])
@pytest.mark.parametrize("use_out", [False, True])
def test_errors_of_fn_are_raised_with_the_number_of_the_block(bad, use_out):
    def fail(view):
        if view[0] == 10 * bad:
            raise ZeroDivisionError
        return view

    with pytest.raises(ZeroDivisionError) as caught:
        map_blocks(fail, sample(100), block=10, out=numpy.zeros(100) if use_out else None)
    assert caught.value.__notes__ == [f"threadpool: item {bad} of the run"]


def test_where_there_is_an_initializer_only_initialized_threads_call_fn():
    local = threading.local()

    def initialize():
        local.ready = True

    with Pool(2, initializer=initialize) as pool:
        assert pool.map_blocks(lambda view: view + local.ready, numpy.zeros(100), block=10).sum() == 100


def test_inside_items_and_in_many_threads(in_threads):
    array = sample(1000)

    def use(_=None):
        return bool((map_blocks(numpy.sqrt, array, block=100) == numpy.sqrt(array)).all())

    assert threadpool.run(use, range(50)) == [True] * 50
    assert in_threads(use, 6) == [True] * 6


def test_a_pool_that_was_shut_down():
    pool = Pool(1)
    pool.shutdown()
    with pytest.raises(RuntimeError, match="was shut down"):
        pool.map_blocks(numpy.sqrt, sample(3))
