"""imap and imap_unordered: order, how far ahead they read, errors at their place, memory."""

import contextvars
import gc
import hashlib
import itertools
import os
import subprocess
import sys
import textwrap
import threading
import time
import weakref

import numpy
import pytest

import threadpool
from threadpool import Pool, hashing

STREAMS = [threadpool.imap, threadpool.imap_unordered]
streams = pytest.mark.parametrize("stream", STREAMS, ids=["imap", "imap_unordered"])


def square(x):
    return x * x


def fail_at(*indices):
    def item(i):
        if i in indices:
            raise ValueError(i)
        return i

    return item


@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
def test_items_run_in_threads_of_the_pool_and_not_in_the_consumer(name):
    for _ in range(20):  # where the threads do not come for half a second, the consumer rightly does some: once more
        with Pool(2) as pool:
            threads = set(getattr(pool, name)(lambda i: threadpool.current_worker(), range(500)))
        if None not in threads:
            break
    assert threads <= {0, 1}


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100, 5000])
@pytest.mark.parametrize("window", [None, 1, 2, 7, 10_000, 10**30])
def test_results_come_in_order(size, window):
    assert list(threadpool.imap(square, iter(range(size)), window=window)) == [x * x for x in range(size)]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100, 5000])
@pytest.mark.parametrize("window", [None, 1, 2, 7, 10_000])
def test_unordered_has_every_result_once(size, window):
    results = threadpool.imap_unordered(square, iter(range(size)), window=window)
    assert sorted(results) == [x * x for x in range(size)]


def test_a_window_of_one_is_in_order_either_way():
    assert list(threadpool.imap_unordered(square, range(100), window=1)) == [x * x for x in range(100)]


def test_unordered_does_not_wait_for_a_slow_item():
    begun, free = threading.Event(), threading.Event()

    def numbers():
        yield 0
        assert begun.wait(30)  # by a thread of the pool, as the consumer is here
        yield from range(1, 50)

    def item(i):
        if i == 0:
            begun.set()
            assert free.wait(30)
        return i

    with Pool(2) as pool:
        results = pool.imap_unordered(item, numbers(), window=4)
        seen = []
        for result in results:
            seen.append(result)
            if len(seen) == 20:
                free.set()
    assert sorted(seen) == list(range(50))
    assert 0 not in seen[:20]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (range(50), list(range(50))),
        (tuple(range(50)), list(range(50))),
        ({"a": 1, "b": 2}, ["a", "b"]),
        ("abc", ["a", "b", "c"]),
        (numpy.arange(50), list(range(50))),
    ],
    ids=["range", "tuple", "dict", "str", "array"],
)
def test_any_iterable(data, expected):
    assert list(threadpool.imap(lambda x: x, data)) == expected


class Counted:
    """An iterator that knows how many of its items were read, and complains when asked again after its end."""

    def __init__(self, count=None):
        self.count = count
        self.read = 0
        self.ended = False

    def __iter__(self):
        return self

    def __next__(self):
        assert not self.ended, "asked for more after the end"
        if self.read == self.count:
            self.ended = True
            raise StopIteration
        self.read += 1
        return self.read - 1


@streams
@pytest.mark.parametrize("window", [1, 2, 3, 8, 100, 1000])
def test_at_most_window_items_are_read_and_not_taken(stream, window):
    source = Counted(5000)
    taken = 0
    for _ in stream(abs, source, window=window):
        assert source.read - taken <= window
        taken += 1
    assert taken == source.read == 5000


@streams
def test_by_default_few_items_are_read_ahead_of_slow_ones(stream):
    go = threading.Event()
    source = Counted()
    with Pool(2) as pool:
        results = getattr(pool, stream.__name__)(lambda i: go.wait(30), source)
        assert source.read == 0
        go.set()
        next(results)
        assert source.read <= 8
        results.close()


@streams
def test_nothing_is_read_before_the_first_result_is_asked_for(stream):
    source = Counted()
    results = stream(abs, source)
    assert source.read == 0
    results.close()
    assert source.read == 0


@streams
def test_the_iterator_is_not_asked_again_after_its_end(stream):
    for size in (0, 1, 5, 300):
        assert sorted(stream(abs, Counted(size))) == list(range(size))


@streams
def test_infinite_inputs(stream):
    results = stream(square, itertools.count())
    firsts = [next(results) for _ in range(3000)]
    results.close()
    if stream is threadpool.imap:
        assert firsts == [x * x for x in range(3000)]
    else:
        assert len(set(firsts)) == 3000


@streams
def test_input_that_depends_on_results_with_a_window_of_one(stream):
    def feed():
        number = 1
        while number < 10_000:
            yield number
            number = latest[0] + 1

    latest = [0]
    taken = []
    for result in stream(lambda x: 2 * x, feed(), window=1):
        latest[0] = result
        taken.append(result)
    assert taken[:4] == [2, 6, 14, 30]


@pytest.mark.parametrize("window", [None, 1, 5, 1000])
@pytest.mark.parametrize("index", [0, 1, 17, 999])
def test_an_error_is_raised_at_its_place_and_named(index, window):
    results = []
    with pytest.raises(ValueError) as caught:
        for result in threadpool.imap(fail_at(index), iter(range(1000)), window=window):
            results.append(result)
    assert results == list(range(index))
    assert caught.value.args == (index,)
    assert caught.value.__notes__ == [f"threadpool: item {index} of the run"]


def test_the_first_error_in_order_is_raised_even_if_a_later_one_came_first():
    late = threading.Event()

    def item(i):
        if i == 0:
            assert late.wait(30)
            raise ValueError(0)
        late.set()
        raise ValueError(i)

    with Pool(2) as pool, pytest.raises(ValueError) as caught:
        list(pool.imap(item, range(10)))
    assert caught.value.args == (0,)


def test_unordered_raises_an_error_after_the_results_that_came_before_it():
    results = []
    with pytest.raises(ValueError) as caught:
        for result in threadpool.imap_unordered(fail_at(500), range(1000), window=10):
            results.append(result)
    assert len(set(range(500)) - set(results)) <= 10  # what else was in flight
    assert caught.value.__notes__ == ["threadpool: item 500 of the run"]


@streams
def test_an_error_of_the_iterable_comes_after_the_results_before_it(stream):
    def broken():
        yield from range(333)
        raise OSError("half-way")

    results = []
    with pytest.raises(OSError, match="half-way") as caught:
        for result in stream(square, broken()):
            results.append(result)
    assert sorted(results) == [x * x for x in range(333)]
    assert not hasattr(caught.value, "__notes__")


@streams
def test_the_stream_is_over_after_an_error(stream):
    source = Counted()
    results = stream(fail_at(5), source)
    with pytest.raises(ValueError):
        list(results)
    read = source.read
    assert list(results) == []
    assert source.read == read


@streams
def test_stop_iteration_from_fn_does_not_end_the_stream_quietly(stream):
    with pytest.raises(RuntimeError) as caught:
        list(stream(next, [iter([1]), iter([])]))
    assert isinstance(caught.value.__cause__, StopIteration)
    assert caught.value.__cause__.__notes__ == ["threadpool: item 1 of the run"]


@streams
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_ends_the_stream(stream, error):
    def item(i):
        if i == 20:
            raise error
        return i

    with pytest.raises(error):
        list(stream(item, itertools.count(), window=8))
    assert list(stream(abs, range(10), window=1)) == list(range(10))


def test_an_interrupt_of_the_iterable_is_raised_at_once():
    def interrupted():
        yield 0
        raise KeyboardInterrupt

    with Pool(1) as pool, pytest.raises(KeyboardInterrupt):
        list(pool.imap(abs, interrupted(), window=5))


def test_kernels():
    messages = [str(i).encode() for i in range(3000)]
    digests = [hashlib.sha256(message).digest() for message in messages]
    assert list(threadpool.imap(hashing.sha256, iter(messages))) == digests
    assert sorted(threadpool.imap_unordered(hashing.sha256, iter(messages))) == sorted(digests)


def test_an_input_that_a_kernel_refuses_is_an_error_at_its_place():
    inputs = [b"x"] * 200 + ["text"] + [b"x"] * 200
    results = []
    with pytest.raises(TypeError) as caught:
        for result in threadpool.imap(hashing.sha256, inputs):
            results.append(result)
    assert results == [hashlib.sha256(b"x").digest()] * 200
    assert str(caught.value) == "data must be a bytes-like object, not 'str'"
    assert caught.value.__notes__ == ["threadpool: item 200 of the run"]


variable = contextvars.ContextVar("variable", default="unset")


@streams
def test_items_see_the_context_of_the_call(stream):
    def item(i):
        before = variable.get()
        variable.set(i)
        return before

    variable.set("call")
    results = stream(item, range(500))
    variable.set("iteration")
    assert list(results) == ["call"] * 500
    assert variable.get() == "iteration"
    variable.set("unset")


# Memory


class Thing:
    pass


def flush(alive):
    """Lets parked threads free what was dropped elsewhere (biased reference counts), once they run."""
    end = time.monotonic() + 30
    while any(reference() is not None for reference in alive):
        if time.monotonic() > end:
            return False
        threadpool.run(square, range(50))
        time.sleep(0.001)
    return True


def test_no_yielded_result_is_kept_alive():
    go = threading.Event()
    alive = []
    with Pool(1) as pool:  # in the consumer's thread as well as in the pool's
        for i, thing in enumerate(pool.imap(lambda i: Thing(), range(50), window=4)):
            alive.append(weakref.ref(thing))
            del thing
            if i == 40:
                break
    del pool
    go.set()
    assert flush(alive)


@streams
def test_an_error_makes_no_cycle_with_the_stream(stream):
    """What an error's traceback holds is freed with the error."""

    def broken():
        yield 1
        raise OSError

    enabled = gc.isenabled()
    gc.disable()
    try:
        for fn, data in ((fail_at(5), range(10)), (square, broken())):
            thing = Thing()
            alive = weakref.ref(thing)

            def consume(fn=fn, data=data, thing=thing):
                list(stream(fn, data))

            try:
                consume()
            except (ValueError, OSError):
                pass
            del consume, thing
            assert flush([alive])
    finally:
        if enabled:
            gc.enable()


@pytest.mark.thread_unsafe(reason="a process of its own")
@pytest.mark.timeout(600)  # a million and a half items, on a machine that is busy
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
def test_a_long_stream_takes_no_more_memory_than_a_short_one(name):
    program = f"""
        import collections, os, threadpool
        def memory():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        def consume(count, window):
            collections.deque(threadpool.{name}(abs, iter(range(count)), window=window), maxlen=0)
        consume(100_000, None), consume(5_000, 4)
        growth = []
        for _ in range(3):
            before = memory()
            consume(500_000, None), consume(20_000, 4)
            growth.append(memory() - before)
        print(min(growth))  # the allocator may keep more now and then, but what is lost is lost each time
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "THREADPOOL_WORKERS": "2"},
    )
    assert int(done.stdout) < 5_000_000


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((3, [1]), {}, TypeError, "fn must be callable, not 'int'"),
        ((square, 3), {}, TypeError, "iterable must be iterable, not 'int'"),
        ((square, [1]), {"window": 0}, ValueError, "window must be at least 1, not 0"),
        ((square, [1]), {"window": -1}, ValueError, "window must be at least 1, not -1"),
        ((square, [1]), {"window": 1.5}, TypeError, "window must be an integer, not 'float'"),
    ],
)
@streams
def test_bad_input_is_named_at_the_call(stream, arguments, options, error, words):
    with pytest.raises(error, match=words):
        stream(*arguments, **options)
