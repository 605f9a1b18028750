"""Which failure a run raises when there are several, and what happens when the engine itself fails."""

import contextvars
import ctypes
import threading

import pytest

import threadpool
from threadpool import Pool

WAIT = 60

variable = contextvars.ContextVar("variable")


def square(x):
    return x * x


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
