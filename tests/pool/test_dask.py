"""A Pool as the threads of Dask's local scheduler."""

import threading

import pytest

dask = pytest.importorskip("dask", reason="Dask is not installed: pip install 'dask>=2026'")

from threadpool import Pool  # noqa: E402

pytestmark = pytest.mark.thread_unsafe(reason="changes Dask's configuration, which is the process's")


@pytest.fixture
def pool():
    with Pool(2, name="for-dask") as pool, dask.config.set(pool=pool, scheduler="threads"):
        yield pool


def test_a_graph_runs_on_the_pool(pool):
    names = set()

    @dask.delayed
    def add(a, b):
        names.add(threading.current_thread().name)
        return a + b

    layer = [add(i, i) for i in range(64)]
    while len(layer) > 1:
        layer = [add(a, b) for a, b in zip(layer[::2], layer[1::2], strict=True)]
    assert layer[0].compute() == sum(2 * i for i in range(64))
    assert names <= {"for-dask-0", "for-dask-1"}
    assert pool.stats().completed > 0


def test_graphs_inside_tasks(pool):
    """Dask waits for its own queue, so in a pool of any kind these must run on the thread that asks for them."""

    @dask.delayed
    def outer(n):
        return dask.delayed(sum)([dask.delayed(abs)(-i) for i in range(n)]).compute(scheduler="synchronous")

    assert dask.compute(*[outer(n) for n in range(20)]) == tuple(sum(range(n)) for n in range(20))


def test_an_error_of_a_task(pool):
    @dask.delayed
    def fail(i):
        return 1 // i

    with pytest.raises(ZeroDivisionError):
        dask.compute(*[fail(i) for i in range(-5, 5)])
    assert dask.delayed(abs)(-1).compute() == 1


def test_arrays_and_bags(pool):
    array = pytest.importorskip("dask.array")
    bag = pytest.importorskip("dask.bag")
    numbers = array.arange(10_000, chunks=100)
    assert (numbers**2).sum().compute() == sum(i * i for i in range(10_000))
    assert bag.from_sequence(range(100), npartitions=10).map(lambda i: i % 7).frequencies().compute() == [
        (i, 15 if i < 2 else 14) for i in range(7)
    ]
