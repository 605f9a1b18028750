"""Which failure a run raises when there are several, and what happens when the engine itself fails."""

import contextvars
import ctypes
import threading

import pytest

import threadpool
from threadpool import Pool, cancelled

WAIT = 60

variable = contextvars.ContextVar("variable")


def square(x):
    return x * x


def wait_until_cancelled():
    tick = threading.Event()
    while not cancelled():
        tick.wait(0.001)


# Of several


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_outranks_one_of_any_index(error, index):
    both = threading.Barrier(2)

    def item(i):
        both.wait(WAIT)
        raise error if i == index else ValueError

    with Pool(2) as pool, pytest.raises(error):
        pool.run(item, range(2), chunk=1)


@pytest.mark.parametrize("size", [2, 4], ids=["the caller's", "the other thread's"])
def test_the_lower_one_of_two_that_fail_at_once_is_raised(size):
    """The last two items fail. Of four the other thread takes the third, and the caller the fourth."""
    begun, both = threading.Event(), threading.Barrier(2)

    def item(i):
        if i < size - 2:
            assert begun.wait(WAIT)
            return
        begun.set()
        both.wait(WAIT)
        raise ValueError(i)

    with Pool(2) as pool, pytest.raises(ValueError) as caught:
        pool.run(item, range(size), chunk=1)
    assert caught.value.args == (size - 2,)


def test_a_thread_fails_at_lower_and_lower_items_and_the_lowest_is_raised():
    """The first item is the caller's, so the other thread takes the upper half of what is left, again and again."""
    failed = []
    begun, all_failed = threading.Event(), threading.Event()

    def item(i):
        if i == 0:
            begun.set()
            assert all_failed.wait(WAIT)
            return
        assert begun.wait(WAIT)
        failed.append(i)
        if i == 1:
            all_failed.set()
        raise ValueError(i)

    with Pool(2) as pool, pytest.raises(ValueError) as caught:
        pool.run(item, range(100), chunk=1)
    assert len(failed) > 2
    assert failed == sorted(failed, reverse=True)
    assert caught.value.args == (1,)
    assert caught.value.__notes__ == ["threadpool: item 1 of the run"]


def test_what_is_no_exception_outranks_those_that_the_same_thread_raised_before_and_cancels_the_items_below():
    failed = []
    begun = threading.Event()

    def item(i):
        if i == 0:
            begun.set()
            wait_until_cancelled()
            return
        assert begun.wait(WAIT)
        failed.append(i)
        raise ValueError(i) if i > 30 else KeyboardInterrupt(i)

    with Pool(2) as pool, pytest.raises(KeyboardInterrupt) as caught:
        pool.run(item, range(100), chunk=1)
    assert caught.value.args == (failed[-1],)
    assert len(failed) > 1
    assert failed[-1] > 1
    assert not hasattr(caught.value, "__notes__")


# The engine itself


@pytest.mark.parametrize("errors", ["raise", "group", "return"])
def test_an_error_of_the_engine_in_a_thread_of_the_pool_is_raised_by_the_run(errors):
    """The second item of the chunk that the thread has claimed is never done, so there is no list to return."""
    both = threading.Barrier(2)

    def item(i):
        if i % 2 == 0:
            both.wait(WAIT)
        if threadpool.current_worker() is not None:
            variable.set(i)  # now the engine must leave the context, and finds another one in its way
            ctypes.pythonapi.PyContext_Enter(ctypes.py_object(contextvars.Context()))

    with Pool(2) as pool:
        with pytest.raises(RuntimeError, match="cannot exit context"):
            pool.run(item, range(4), chunk=2, workers=2, errors=errors)
        assert pool.run(square, range(100)) == [x * x for x in range(100)]
        assert pool.broadcast(abs, -1) == [1, 1]


def test_an_item_that_failed_in_a_claim_that_the_engine_broke_off_is_counted_as_failed():
    def item(i):
        variable.set(i)
        ctypes.pythonapi.PyContext_Enter(ctypes.py_object(contextvars.Context()))
        raise ValueError

    def run():
        with pytest.raises(RuntimeError, match="cannot exit context"):
            pool.run(item, range(4))

    with Pool(1) as pool:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(WAIT)
        stats = pool.stats()
    assert (stats.completed, stats.failed, stats.cancelled) == (0, 1, 3)
