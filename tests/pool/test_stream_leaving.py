"""Streams that are left early, share threads with others, or outlive their pool."""

import itertools
import threading
import time

import pytest

import threadpool
from threadpool import Pool
from threadpool.errors import QueueFull

names = pytest.mark.parametrize("name", ["imap", "imap_unordered"])
WAIT = 30


def square(x):
    return x * x


class Items:
    """Items of which the first returns when another one has begun, and each other one waits until the stream was left.

    Where the pool's threads do not come for half a second, the consumer does some. It must be able to leave the stream.
    """

    def __init__(self):
        self.started = []
        self.busy = threading.Event()
        self.ended = threading.Semaphore(0)
        self.left = threading.Event()
        self.saw = []

    def __call__(self, i):
        if i == 0 or threadpool.current_worker() is None:
            assert self.busy.wait(WAIT)
            return i
        self.started.append(i)
        self.busy.set()
        assert self.left.wait(WAIT)
        self.saw.append(threadpool.cancelled())
        self.ended.release()
        return i


def close(results):
    results.close()


def drop(results):
    del results[:]


@names
@pytest.mark.parametrize("way", ["break", "close", "drop", "raise", "throw"])
def test_leaving_cancels_what_is_in_flight(name, way):
    item = Items()
    with Pool(2) as pool:
        results = getattr(pool, name)(item, range(1000), window=16)
        if way == "break":
            for _ in results:
                assert item.busy.wait(WAIT)
                break
            del results
        elif way == "raise":
            with pytest.raises(ZeroDivisionError):
                for _ in results:
                    assert item.busy.wait(WAIT)
                    raise ZeroDivisionError
            del results
        else:
            next(results)
            assert item.busy.wait(WAIT)
            if way == "close":
                results.close()
            elif way == "drop":
                del results
            else:
                with pytest.raises(ZeroDivisionError):
                    results.throw(ZeroDivisionError)
        item.left.set()
    # The pool has ended, and with it all that was started: at most one item of each thread, some of which may have been
    # between its claim and its first line.
    assert 1 <= len(item.started) <= 2
    assert item.saw == [True] * len(item.started)


@names
def test_a_stream_that_was_left_is_over(name):
    results = getattr(threadpool, name)(square, range(1000))
    next(results)
    results.close()
    assert list(results) == []


@names
def test_streams_in_tasks_streams_and_runs(name):
    stream = getattr(threadpool, name)

    def inner(x):
        return sum(stream(square, range(x % 20)))

    expected = [sum(y * y for y in range(x % 20)) for x in range(200)]
    assert sorted(stream(inner, range(200))) == sorted(expected)
    assert threadpool.run(inner, range(200)) == expected
    with Pool(2) as pool:
        futures = [pool.submit(lambda x: sum(getattr(pool, name)(square, range(x % 20))), x) for x in range(200)]
        assert [future.result(WAIT) for future in futures] == expected


@names
def test_deeply_nested_streams(name):
    with Pool(2) as pool:

        def nest(depth):
            return 1 if depth == 0 else sum(getattr(pool, name)(nest, [depth - 1] * 2, window=2))

        assert nest(7) == 2**7


@names
def test_pools_that_stream_through_each_other(name):
    with Pool(1) as one, Pool(1) as two:

        def back(x):
            return sum(getattr(one, name)(square, range(x)))

        def there(x):
            return sum(getattr(two, name)(back, range(x)))

        results = getattr(one, name)(there, range(12))
        assert sum(results) == sum(sum(sum(z * z for z in range(y)) for y in range(x)) for x in range(12))


@names
def test_several_streams_at_once(name):
    streams = [getattr(threadpool, name)(square, range(i, i + 300)) for i in range(10)]
    taken = [sorted(results) for results in zip(*itertools.zip_longest(*streams), strict=True)]
    assert taken == [[x * x for x in range(i, i + 300)] for i in range(10)]


@names
def test_consumers_in_many_threads(name, in_threads):
    def consume():
        for window in (None, 1, 3, 50):
            assert sum(getattr(threadpool, name)(square, range(400), window=window)) == sum(x * x for x in range(400))

    in_threads(consume, 6)


@names
def test_a_stream_may_move_from_thread_to_thread(name, in_threads):
    results = getattr(threadpool, name)(square, range(100))
    taken = [next(results)]
    for _ in range(5):
        in_threads(lambda: taken.append(next(results)), 1)
    taken.extend(results)
    assert sorted(taken) == [x * x for x in range(100)]


@names
def test_where_there_is_an_initializer_only_initialized_threads_work(name):
    local = threading.local()

    def initialize():
        local.ready = True

    with Pool(2, initializer=initialize) as pool:
        assert list(getattr(pool, name)(lambda i: local.ready, range(200))) == [True] * 200
        assert pool.submit(lambda: list(getattr(pool, name)(lambda i: local.ready, range(50)))).result() == [True] * 50


@names
def test_an_initializer_that_fails_is_told(name):
    from concurrent.futures.thread import BrokenThreadPool

    def fail():
        raise OSError("no licence")

    pool = Pool(1, initializer=fail)
    with pytest.raises(BrokenThreadPool) as caught:
        list(getattr(pool, name)(square, range(100)))
    assert isinstance(caught.value.__cause__, OSError)
    pool.shutdown()


# Pools that end meanwhile


@names
def test_a_pool_that_was_shut_down_refuses_a_stream_at_the_call(name):
    pool = Pool(1)
    pool.shutdown()
    with pytest.raises(RuntimeError, match="was shut down"):
        getattr(pool, name)(square, [1])
    with pytest.raises(RuntimeError, match="was shut down"):
        pool.map(square, [1])


@names
@pytest.mark.parametrize("wait", [True, False])
def test_a_pool_that_is_shut_down_finishes_what_was_read(name, wait):
    def numbers(read):
        for number in itertools.count():
            read.append(number)
            yield number

    for _ in range(20):
        pool = Pool(2)
        read = []
        results = getattr(pool, name)(square, numbers(read), window=10)
        taken = [next(results)]
        before = len(read)  # fewer than the window has room for, where reading takes long
        pool.shutdown(wait)
        with pytest.raises(RuntimeError, match="was shut down"):
            taken.extend(results)
        assert sorted(taken) == [x * x for x in range(len(taken))]
        assert len(taken) >= before
        pool.shutdown()


@names
def test_a_pool_that_is_shut_down_with_cancel_futures(name):
    from concurrent.futures import CancelledError

    go = threading.Event()
    busy = threading.Event()

    def item(i):
        busy.set()
        assert go.wait(WAIT)
        return i

    pool = Pool(1)
    blocker = pool.submit(item, 0)
    assert busy.wait(WAIT)
    caught = []

    def consume():
        try:
            list(getattr(pool, name)(item, range(100), window=10))
        except BaseException as error:
            caught.append(error)

    consumer = threading.Thread(target=consume)
    consumer.start()
    while pool.stats().queued < 8:
        pass
    pool.shutdown(wait=False, cancel_futures=True)
    go.set()
    consumer.join(WAIT)
    assert not consumer.is_alive()
    assert type(caught[0]) in (CancelledError, RuntimeError)
    assert blocker.result(WAIT) == 0
    pool.shutdown()


@names
def test_a_task_of_a_pool_that_is_shut_down_may_still_stream(name):
    go = threading.Event()
    pool = Pool(1)

    def task():
        assert go.wait(WAIT)
        return sum(getattr(pool, name)(square, range(1000), window=10))

    future = pool.submit(task)
    pool.shutdown(wait=False)
    go.set()
    assert future.result(WAIT) == sum(x * x for x in range(1000))


@names
def test_a_stream_keeps_its_pool(name):
    results = getattr(Pool(2), name)(square, range(1000), window=10)
    assert sum(results) == sum(x * x for x in range(1000))


@names
@pytest.mark.parametrize("when_full", ["raise", "block"])
def test_a_full_queue_is_nothing_to_a_stream(name, when_full):
    """Its window bounds it already."""
    go = threading.Event()
    with Pool(1, max_queue=1, when_full=when_full) as pool:
        busy = threading.Event()
        first = pool.submit(lambda: (busy.set(), go.wait(WAIT)))
        assert busy.wait(WAIT)
        second = pool.submit(square, 3)
        assert sum(getattr(pool, name)(square, range(100))) == sum(x * x for x in range(100))
        if when_full == "raise":
            with pytest.raises(QueueFull):
                pool.submit(square, 4)
        go.set()
        assert first.result(WAIT)
        assert second.result(WAIT) == 9


# Cancellation of what is around


@names
def test_items_of_a_nested_stream_see_that_the_outer_one_was_left(name):
    """One of the inner items, at least, is in another thread than the outer one."""
    both = threading.Barrier(2)
    inside = threading.Event()
    saw = []

    def inner(_):
        both.wait(WAIT)
        inside.set()
        saw.append(await_cancellation())

    def outer(i):
        if i == 0:
            assert inside.wait(WAIT)
            return
        for _ in getattr(pool, name)(inner, range(2), window=2):
            pass

    def numbers():
        yield 0
        yield 1
        assert inside.wait(WAIT)  # while the consumer is here, it does none of them itself

    with Pool(3) as pool:
        results = getattr(pool, name)(outer, numbers(), window=3)
        next(results)
        results.close()
    assert saw == [True, True]


def await_cancellation():
    """Waits, in an item, until it is cancelled; False when that takes too long."""
    tick = threading.Event()
    for _ in range(WAIT * 200):
        if threadpool.cancelled():
            return True
        tick.wait(0.005)
    return False


@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
def test_an_item_that_is_in_progress_as_the_stream_is_left_can_tell(name):
    started, told = threading.Event(), threading.Event()

    def item(i):
        if i == 0 or threadpool.current_worker() is None:  # which may be the consumer, if the threads are slow to come
            assert started.wait(60)
            return i
        started.set()
        while not threadpool.cancelled():
            time.sleep(0.001)
        told.set()
        return i

    with Pool(2) as pool:
        for _ in getattr(pool, name)(item, range(4)):
            break
        assert told.wait(60)
