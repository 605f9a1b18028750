"""threadpool.run: what it returns, raises and promises."""

import contextvars
import functools
import gc
import itertools
import subprocess
import sys
import threading
import traceback
import weakref
from pathlib import Path

import numpy
import pytest

import threadpool
from threadpool import hashing
from threadpool.pool._python_loop import check_room


def square(x):
    return x * x


SIZES = [0, 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 1000, 10_007]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [list, tuple, iter, range, numpy.arange], ids=lambda make: make.__name__)
def test_results_are_in_the_order_of_data(make, size):
    data = make(size) if make in (range, numpy.arange) else make(range(size))
    assert threadpool.run(square, data) == [x * x for x in range(size)]


@pytest.mark.parametrize(
    "options",
    [
        {"workers": 1},
        {"workers": 2},
        {"workers": 10**30},
        {"chunk": 1},
        {"chunk": 7},
        {"chunk": 10**30},
        {"chunk": 3, "workers": 1},
    ],
    ids=str,
)
def test_options_change_no_result(options):
    assert threadpool.run(square, range(1000), **options) == [x * x for x in range(1000)]


def test_every_item_runs_exactly_once():
    seen = [0] * 50_000

    def count(i):
        seen[i] += 1

    threadpool.run(count, range(len(seen)), chunk=1)
    assert seen == [1] * len(seen)


class Method:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return self.factor * x

    def times(self, x):
        return self.factor * x


@pytest.mark.parametrize(
    "fn",
    [lambda x: 3 * x, Method(3), Method(3).times, functools.partial(int.__mul__, 3), (3).__mul__],
    ids=range(5),
)
def test_any_callable(fn):
    assert threadpool.run(fn, range(500)) == [3 * x for x in range(500)]


def test_closures_keep_their_cells_and_defaults():
    total = 0
    lock = threading.Lock()

    def add(x, /, y=1, *, z=2):
        nonlocal total
        with lock:
            total += x + y + z
        return add.__name__

    assert threadpool.run(add, range(1000)) == ["add"] * 1000
    assert total == sum(range(1000)) + 3000


@pytest.mark.parametrize(
    "numbers",
    [
        range(10, 0, -3),
        range(-5, 5),
        range(2**62, 2**62 + 5),
        range(-(2**70), -(2**70) + 9, 4),
        range(0, 2**100, 2**98),
    ],
)
def test_ranges_of_any_size(numbers):
    assert threadpool.run(lambda x: x, numbers) == list(numbers)


def test_arrays_are_walked_along_axis_0_as_views():
    array = numpy.zeros((100, 3), dtype=numpy.int64)

    def fill(row):
        assert row.base is array
        row[:] = 7

    threadpool.run(fill, array)
    assert (array == 7).all()


def test_data_is_drained_before_anything_starts():
    started = []

    def broken():
        yield 1
        raise OSError("half-way")

    with pytest.raises(OSError, match="half-way"):
        threadpool.run(started.append, broken())
    assert started == []


def test_a_list_that_changes_meanwhile_is_read_as_it_was():
    data = list(range(10_000))
    assert threadpool.run(lambda x: (data.clear(), x)[1], data) == list(range(10_000))


# Contexts

variable = contextvars.ContextVar("variable", default="unset")


@pytest.mark.parametrize("workers", [1, None])
def test_items_see_the_submitters_context_and_nobody_sees_theirs(workers):
    def item(i):
        before = variable.get()
        variable.set(i)
        return before, variable.get(), len(contextvars.copy_context())

    variable.set("submitter's")
    size = len(contextvars.copy_context())
    results = threadpool.run(item, range(2000), workers=workers)
    assert results == [("submitter's", i, size) for i in range(2000)]
    assert variable.get() == "submitter's"


def test_without_any_context_variable():
    context = contextvars.Context()
    assert context.run(threadpool.run, lambda _: len(contextvars.copy_context()), range(500)) == [0] * 500


# Errors


def fail_at(*indices):
    def item(i):
        if i in indices:
            raise ValueError(i)
        return i

    return item


@pytest.mark.parametrize("workers", [1, None])
@pytest.mark.parametrize("chunk", [None, 1, 50])
def test_the_failure_of_lowest_index_is_raised_with_a_note(workers, chunk):
    for first in (0, 1, 17, 998, 999):
        with pytest.raises(ValueError) as caught:
            threadpool.run(fail_at(first, 999), range(1000), workers=workers, chunk=chunk)
        assert caught.value.args == (first,)
        assert caught.value.__notes__ == [f"threadpool: item {first} of the run"]


def test_everything_below_a_failure_has_run_and_nothing_is_started_once_it_is_known():
    for _ in range(50):
        done = [False] * 5000

        def item(i, done=done):
            if i == 1234:
                raise ValueError
            done[i] = True

        with pytest.raises(ValueError):
            threadpool.run(item, range(5000))
        assert all(done[:1234])
        assert not done[1234]


def test_nothing_above_a_failure_starts_any_more():
    tick = threading.Event()
    late = []

    def item(i):
        if i == 0:
            raise ValueError
        while not threadpool.cancelled():  # until the failure has been recorded
            tick.wait(0.001)
        late.append(i)

    with pytest.raises(ValueError):
        threadpool.run(item, range(10_000), chunk=1)
    # What had been started by then, or was about to be: an item of each thread.
    assert len(late) <= threadpool.workers()


@pytest.mark.parametrize("workers", [1, None])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_cancels_and_outranks(error, workers):
    def item(i):
        if i == 5:
            raise error
        if i > 5:
            raise ValueError

    with pytest.raises(error):
        threadpool.run(item, range(3), workers=1), threadpool.run(item, range(5, 1000), workers=workers)


@pytest.mark.parametrize("workers", [1, None])
def test_the_traceback_shows_the_function_and_no_engine(workers):
    with pytest.raises(ValueError) as caught:
        threadpool.run(fail_at(700), range(1000), workers=workers)
    here, *between, item = traceback.extract_tb(caught.value.__traceback__)
    assert here.filename == item.filename == __file__
    assert (item.name, item.line) == ("item", "raise ValueError(i)")
    # The call alone: the method, and what raises for it. Neither how the item was called nor a thread's own loop.
    names = [(frame.filename.replace("\\", "/").rsplit("/", 1)[1], frame.name.split(".")[-1]) for frame in between]
    assert names == [("mapper.py", "run"), ("_run.pyx", "__call__")]


def test_errors_and_results_are_not_kept_alive():
    class Thing:
        pass

    things = threadpool.run(lambda _: Thing(), range(1000))
    alive = weakref.ref(things[500])
    del things

    def item(_):
        thing = Thing()
        dead.append(weakref.ref(thing))
        raise ValueError

    dead = []
    for _ in range(20):
        try:
            threadpool.run(item, range(10))
        except ValueError:
            pass
    threadpool.run(square, range(10_000))  # threads that ran Python code free what others dropped
    gc.collect()
    assert alive() is None
    assert all(reference() is None for reference in dead)


def test_an_exception_that_refuses_notes_is_raised_all_the_same():
    class Stubborn(Exception):
        def add_note(self, note):
            raise RuntimeError

    def item(_):
        raise Stubborn

    with pytest.raises(Stubborn):
        threadpool.run(item, range(10))


def test_an_exception_whose_str_raises():
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError

    def item(_):
        raise Broken

    with pytest.raises(Broken):
        threadpool.run(item, range(100))


def test_stop_iteration_is_an_error_like_any_other():
    with pytest.raises(StopIteration):
        threadpool.run(next, [iter([1]), iter([])])


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((3, [1]), {}, TypeError, "fn must be callable, not 'int'"),
        ((square, 3), {}, TypeError, "data must be iterable, not 'int'"),
        ((square, [1]), {"workers": 0}, ValueError, "workers must be at least 1, not 0"),
        ((square, [1]), {"workers": -4}, ValueError, "workers must be at least 1, not -4"),
        ((square, [1]), {"workers": 1.5}, TypeError, "workers must be an integer, not 'float'"),
        ((square, [1]), {"chunk": 0}, ValueError, "chunk must be at least 1, not 0"),
        ((square, [1]), {"chunk": "many"}, TypeError, "chunk must be an integer, not 'str'"),
        ((square, numpy.array(3)), {}, TypeError, "0-d"),
        ((square, [1]), {"errors": ["raise"]}, ValueError, "errors must be 'raise', 'group' or 'return'"),
        ((square, [1]), {"errors": numpy.zeros(2)}, ValueError, "errors must be 'raise', 'group' or 'return'"),
        ((square, range(1 << 61)), {}, MemoryError, "no memory for a list of 2305843009213693952 results"),
        ((square, range(1 << 50)), {}, MemoryError, "no memory for a list of 1125899906842624 results"),
        ((hashing.sha256, 3), {}, TypeError, "data must be iterable, not 'int'"),
    ],
)
def test_bad_input_is_named_and_the_pool_usable_afterwards(arguments, options, error, words):
    with pytest.raises(error, match=words):
        threadpool.run(*arguments, **options)
    assert threadpool.run(square, range(100)) == [x * x for x in range(100)]


# Nesting and concurrent use


def test_nested_runs():
    def inner(x):
        return sum(threadpool.run(square, range(x % 20)))

    assert threadpool.run(inner, range(500)) == [sum(y * y for y in range(x % 20)) for x in range(500)]


def test_deeply_nested_runs():
    def nest(depth):
        return 1 if depth == 0 else sum(threadpool.run(nest, [depth - 1] * 2))

    assert nest(9) == 2**9


def test_nested_to_the_recursion_limit_and_usable_afterwards():
    def nest(depth):
        return threadpool.run(nest, [depth + 1])

    with pytest.raises(RecursionError):
        nest(0)
    assert threadpool.run(square, range(100)) == [x * x for x in range(100)]


def test_a_lock_held_over_a_nested_run():
    lock = threading.Lock()

    def item(x):
        with lock:
            return sum(threadpool.run(square, range(x % 30)))

    assert threadpool.run(item, range(300)) == [sum(y * y for y in range(x % 30)) for x in range(300)]


def test_many_submitting_threads(in_threads):
    def submit():
        for size in itertools.islice(itertools.cycle(SIZES[:-1]), 200):
            assert threadpool.run(square, range(size)) == [x * x for x in range(size)]

    in_threads(submit, 8)


@pytest.mark.thread_unsafe(reason="a process of its own")
@pytest.mark.parametrize("width", [1, 2, 8])
def test_any_width(width):
    program = f"""
import threading, threadpool
assert threadpool.workers() == {width}
barrier = threading.Barrier({width})
def meet(i):
    barrier.wait(30)
    return threading.get_ident()
assert len(set(threadpool.run(meet, range({width}), chunk=1))) == {width}
def nest(depth):
    return 1 if depth == 0 else sum(threadpool.run(nest, [depth - 1] * 3))
assert nest(6) == 3 ** 6
"""
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        timeout=60,
        env=environment(THREADPOOL_WORKERS=str(width)),
    )


def environment(**changes):
    import os

    return {**os.environ, **changes}


@pytest.mark.thread_unsafe(reason="a process of its own")
def test_workers_caps_the_threads_of_a_call():
    program = """
import threading, threadpool
barrier = threading.Barrier(3)
threads = set()
def item(i):
    threads.add(threading.get_ident())
    sum(range(20_000))
for _ in range(20):
    threads.clear()
    threadpool.run(item, range(100), workers=3)
    assert len(threads) <= 3, threads
    threads.clear()
    threadpool.run(item, range(100), workers=1)
    assert threads == {threading.get_ident()}
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, env=environment(THREADPOOL_WORKERS="8"))


@pytest.mark.parametrize("workers", [1, None])
def test_errors_group_runs_everything_and_raises_one_group(workers):
    done = []

    def item(i):
        done.append(i)
        if i % 100 == 7:
            raise ValueError(i)
        return i

    with pytest.raises(ExceptionGroup, match="10 of 1000 items failed") as caught:
        threadpool.run(item, range(1000), errors="group", workers=workers)
    assert sorted(done) == list(range(1000))
    assert [error.args for error in caught.value.exceptions] == [(i,) for i in range(7, 1000, 100)]
    assert caught.value.exceptions[3].__notes__ == ["threadpool: item 307 of the run"]


@pytest.mark.parametrize("workers", [1, None])
def test_errors_return_puts_them_in_the_list(workers):
    results = threadpool.run(fail_at(3, 700), range(1000), errors="return", workers=workers)
    assert [i for i, result in enumerate(results) if isinstance(result, ValueError)] == [3, 700]
    assert all(result == i for i, result in enumerate(results) if i not in (3, 700))


@pytest.mark.parametrize("errors", ["return", "group"])
def test_returned_exceptions_are_results_and_interrupts_are_not(errors):
    returned = threadpool.run(lambda i: ValueError(i), range(10), errors=errors)
    assert [error.args for error in returned] == [(i,) for i in range(10)]
    with pytest.raises(KeyboardInterrupt):
        threadpool.run(raise_interrupt, range(10), errors=errors)


def raise_interrupt(i):
    raise KeyboardInterrupt


@pytest.mark.skipif(sys.platform != "linux", reason="other systems promise more memory than there is")
def test_no_list_is_begun_that_there_is_no_memory_for():
    if Path("/proc/sys/vm/overcommit_memory").read_text() == "1\n":
        pytest.skip("this system promises any memory")
    check_room(1 << 18)
    for size in (1 << 40, sys.maxsize):
        with pytest.raises(MemoryError, match=f"no memory for a list of {size} results"):
            check_room(size)


def test_an_unknown_errors_is_named():
    with pytest.raises(ValueError, match="errors must be 'raise', 'group' or 'return', not 'ignore'"):
        threadpool.run(square, [1], errors="ignore")
