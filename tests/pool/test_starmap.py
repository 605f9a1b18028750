"""starmap: items that are the arguments of a call."""

import threading

import numpy
import pytest

import threadpool
from threadpool import Pool, hashing, starmap


def add(a, b=10, c=100):
    return a + b + c


@pytest.mark.parametrize("workers", [1, None])
@pytest.mark.parametrize("chunk", [None, 1, 7])
def test_items_are_arguments(workers, chunk):
    data = [(i, i) for i in range(500)]
    assert starmap(add, data, workers=workers, chunk=chunk) == [2 * i + 100 for i in range(500)]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ((1,), 111),
        ((1, 2, 3), 6),
        ([1, 2], 103),
        (range(3), 3),
        ({1: "a", 2: "b"}, 103),
        (numpy.array([1, 2, 3]), 6),
    ],
    ids=["one", "three", "list", "range", "dict", "array"],
)
def test_any_iterable_of_arguments(item, expected):
    assert starmap(add, [item] * 50) == [expected] * 50


def test_generators_and_rows_as_items():
    assert starmap(add, ((i for i in (n, n)) for n in range(50))) == [2 * n + 100 for n in range(50)]
    assert starmap(add, zip(range(50), range(50), strict=True)) == [2 * n + 100 for n in range(50)]
    assert starmap(add, numpy.arange(12).reshape(4, 3)) == [3, 12, 21, 30]
    assert starmap(lambda: 1, [()] * 5) == [1] * 5


def test_a_generator_that_fails_is_an_error_of_its_item():
    def arguments(n):
        yield n
        if n == 3:
            raise OSError

    with pytest.raises(OSError) as caught:
        starmap(add, [arguments(n) for n in range(10)])
    assert caught.value.__notes__ == ["threadpool: item 3 of the run"]


@pytest.mark.parametrize(("bad", "words"), [(3, "not iterable"), (None, "not iterable"), ((1, 2, 3, 4), "argument")])
def test_a_bad_item_is_an_error_of_that_item(bad, words):
    data = [(1, 2)] * 7 + [bad] + [(1, 2)] * 7
    with pytest.raises(TypeError, match=words) as caught:
        starmap(add, data)
    assert caught.value.__notes__ == ["threadpool: item 7 of the run"]
    results = starmap(add, data, errors="return")
    assert isinstance(results.pop(7), TypeError)
    assert results == [103] * 14


def test_a_kernel_takes_one_input():
    with pytest.raises(TypeError, match="a kernel takes one input: use run, not starmap"):
        starmap(hashing.sha256, [(b"a",)])


def test_options_are_those_of_run():
    with pytest.raises(TimeoutError):
        starmap(add, [(1,)], timeout=0)
    with pytest.raises(ExceptionGroup):
        starmap(add, [(), ()], errors="group")
    with pytest.raises(TypeError, match="fn must be callable"):
        starmap(3, [(1,)])
    with pytest.raises(TypeError, match="data must be iterable"):
        starmap(add, 3)


def test_of_a_pool_with_an_initializer():
    local = threading.local()
    with Pool(2, initializer=lambda: setattr(local, "base", 5)) as pool:
        assert pool.starmap(lambda a, b: a + b + local.base, [(1, 2)] * 50) == [8] * 50


def test_nested():
    assert threadpool.run(lambda n: sum(starmap(add, [(n,)] * 3)), range(50)) == [3 * (n + 110) for n in range(50)]
