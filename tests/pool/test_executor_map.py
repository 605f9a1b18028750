"""Pool.map: as concurrent.futures.Executor.map."""

import concurrent.futures
import itertools
import threading

import pytest

import threadpool
from threadpool import Pool, hashing

WAIT = 30


def square(x):
    return x * x


@pytest.mark.parametrize("chunksize", [1, 3, 1000])
@pytest.mark.parametrize("buffersize", [None, 1, 5, 10_000])
def test_results_in_order(chunksize, buffersize):
    with Pool(2) as pool:
        results = pool.map(square, range(500), chunksize=chunksize, buffersize=buffersize)
        assert list(results) == [x * x for x in range(500)]


def test_several_iterables_end_with_the_shortest():
    with Pool(2) as pool:
        assert list(pool.map(pow, [2, 3, 4], itertools.count(1))) == [2, 9, 64]
        assert list(pool.map(lambda *numbers: numbers, "ab", [1, 2], (3, 4))) == [("a", 1, 3), ("b", 2, 4)]
        assert list(pool.map(square, [])) == []


def test_all_of_the_input_is_read_and_its_calls_queued_at_once():
    read = []
    done = threading.Semaphore(0)

    def data():
        for i in range(100):
            read.append(i)
            yield i

    with Pool(2) as pool:
        pool.map(lambda i: done.release(), data())  # the results are not asked for
        assert read == list(range(100))
        for _ in read:
            assert done.acquire(timeout=WAIT)


@pytest.mark.parametrize("chunksize", [1, 10])
def test_buffersize_bounds_what_is_read_ahead(chunksize):
    read = []
    taken = 0
    with Pool(2) as pool:
        results = pool.map(square, (read.append(i) or i for i in range(1000)), buffersize=4, chunksize=chunksize)
        assert len(read) == 4
        for _ in results:
            taken += 1
            assert len(read) - taken <= 4
    assert taken == 1000


def test_timeout_while_the_call_is_in_progress_and_while_it_is_queued():
    free = threading.Event()
    busy = threading.Event()

    def item(i):
        busy.set()
        assert free.wait(WAIT)

    with Pool(1) as pool:
        results = pool.map(item, range(3), timeout=0.05)
        with pytest.raises(TimeoutError):
            next(results)
        assert busy.wait(WAIT)
        # The only thread is taken. That the caller does it is no way out: it could not give up in time.
        threads = []
        results = pool.map(lambda _: threads.append(threading.current_thread()), range(3), timeout=0.01)
        with pytest.raises(TimeoutError):
            next(results)
        free.set()
    assert threads == []


@pytest.mark.parametrize("timeout", [0, -1])
def test_no_time_at_all(timeout):
    free = threading.Event()
    with Pool(1) as pool:
        results = pool.map(lambda _: free.wait(WAIT), range(3), timeout=timeout)
        with pytest.raises(TimeoutError):
            next(results)
        free.set()


def test_what_is_there_is_returned_however_late():
    with Pool(1) as pool:
        results = pool.map(square, range(5), timeout=0)
        pool.shutdown()
        assert list(results) == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("executor", [concurrent.futures.ThreadPoolExecutor, Pool])
def test_an_error_is_raised_at_its_place(executor):
    def item(i):
        if i == 5:
            raise ValueError(i)
        return i

    results = []
    with executor(2) as pool, pytest.raises(ValueError):
        for result in pool.map(item, range(100)):
            results.append(result)
    assert results == [0, 1, 2, 3, 4]


def test_leaving_early_cancels_what_has_not_started():
    free = threading.Event()
    started = []

    def item(i):
        if threadpool.current_worker() is None:
            return True  # the consumer, who does items where the thread does not come: nobody else could free it
        started.append(i)
        return i == 0 or free.wait(WAIT)

    with Pool(1) as pool:
        results = pool.map(item, range(100))
        next(results)
        results.close()
        free.set()
    assert len(started) <= 2


def test_without_iterables_there_is_nothing_to_call():
    with Pool(1) as pool, concurrent.futures.ThreadPoolExecutor(1) as executor:
        assert list(pool.map(square)) == list(executor.map(square)) == []


def test_kernels():
    with Pool(2) as pool:
        assert list(pool.map(hashing.sha256, [b"a"] * 20)) == [hashing.sha256(b"a")] * 20


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((3,), {}, TypeError, "fn must be callable, not 'int'"),
        ((3, [1]), {}, TypeError, "fn must be callable, not 'int'"),
        ((3, [1], [2]), {}, TypeError, "fn must be callable, not 'int'"),
        ((square, 3), {}, TypeError, "iterable must be iterable, not 'int'"),
        ((square, [1], 3), {}, TypeError, "int.* is not iterable|zip"),
        ((square, [1]), {"chunksize": 0}, ValueError, "chunksize must be at least 1, not 0"),
        ((square, [1]), {"buffersize": 0}, ValueError, "buffersize must be at least 1, not 0"),
        ((square, [1]), {"buffersize": 1.5}, TypeError, "buffersize must be an integer, not 'float'"),
    ],
)
def test_bad_input_is_named(arguments, options, error, words):
    with Pool(1) as pool, pytest.raises(error, match=words):
        pool.map(*arguments, **options)


def test_reading_that_is_interrupted_cancels_what_was_queued():
    free = threading.Event()
    busy = threading.Event()
    started = []

    def data():
        yield from range(10)
        raise KeyboardInterrupt

    with Pool(1) as pool:
        blocker = pool.submit(lambda: (busy.set(), free.wait(WAIT)))
        assert busy.wait(WAIT)
        with pytest.raises(KeyboardInterrupt):
            pool.map(started.append, data())
        free.set()
        assert blocker.result(WAIT)
        assert pool.submit(square, 2).result(WAIT) == 4
    assert started == []


def test_items_may_wait_for_the_consumer_to_take_earlier_ones():
    taken = [threading.Event() for _ in range(50)]

    def item(i):
        # Not in the consumer itself, who does items where the threads do not come for half a second.
        if i >= 8 and threadpool.current_worker() is not None:
            assert taken[i - 8].wait(60)
        return i

    with Pool(2) as pool:
        for i in pool.map(item, range(50)):
            taken[i].set()


def test_a_pool_of_one_thread_does_one_item_at_a_time_in_that_thread():
    with Pool(1) as pool:
        worker = {pool.submit(threading.get_ident).result()}
        # Where the thread does not come for half a second, its consumer rightly does some: once more, then.
        assert worker in (set(pool.map(lambda _: threading.get_ident(), range(500))) for _ in range(20))
