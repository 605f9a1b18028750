"""Submitted calls: how long one takes there and back, and how many go through. Two items of nothing; nested runs."""

import pytest

import threadpool
import work


@pytest.fixture
def pool():
    with threadpool.Pool() as pool:
        yield pool


def test_submit_round_trip(compare, contender, pool, executor):
    fn, times = work.nothing, 500

    def round_trips(executor):
        for _ in range(times):
            executor.submit(fn, 1).result()

    compare(
        contender(lambda: round_trips(pool), times),
        {"executor": 0.5},
        executor=contender(lambda: round_trips(executor), times),
    )


def test_submit_pipelined(compare, contender, pool, executor):
    fn, times = work.nothing, 10_000

    def all_at_once(executor):
        futures = [executor.submit(fn, x) for x in range(times)]
        for future in futures:
            future.result()

    compare(
        contender(lambda: all_at_once(pool), times),
        {"executor": 1 / 2.5},
        executor=contender(lambda: all_at_once(executor), times),
    )


def test_two_items_of_nothing(compare, contender, executor):
    """What a call costs that has nothing to share out. The bar is against the same two calls, submitted."""
    fn, data, times = work.nothing, [1, 2], 500

    def repeat(call):
        def loop():
            for _ in range(times):
                call()

        return contender(loop, times)

    def submit_both():
        first, second = executor.submit(fn, 1), executor.submit(fn, 2)
        return first.result(), second.result()

    compare(
        repeat(lambda: threadpool.run(fn, data)),
        {"executor_submit_two": 0.4},
        executor_submit_two=repeat(submit_both),
        executor_submit_one=repeat(lambda: executor.submit(fn, 1).result()),
        executor_map=repeat(lambda: list(executor.map(fn, data))),
        bare_calls=repeat(lambda: [fn(x) for x in data]),
    )


@pytest.mark.parametrize(("outer", "inner"), [(100, 100), (2000, 5)])
def test_nested(compare, contender, outer, inner):
    """A run inside every item of a run, beside one run of all items."""
    fn, rows = work.ten_microseconds, range(outer)
    data = list(range(outer * inner))

    def row(number):
        return threadpool.run(fn, range(number * inner, (number + 1) * inner))

    compare(
        contender(lambda: threadpool.run(row, rows), len(data)),
        {},
        serial=contender(lambda: [fn(x) for x in data], len(data)),
        flat=contender(lambda: threadpool.run(fn, data), len(data)),
    )
