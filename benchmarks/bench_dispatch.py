"""What it costs to run a function on many items: items of 100 ns, 10 µs and 1 ms, and a single one."""

import threadpool
import work


def test_100_ns_items(compare, contender, processes, executor):
    fn, data = work.hundred_nanoseconds, list(range(200_000))
    tenth = data[: len(data) // 10]
    compare(
        contender(lambda: threadpool.run(fn, data), len(data)),
        {"serial": 0.70, "executor_map": 0.01, "processes_map": 0.4},
        serial=contender(lambda: [fn(x) for x in data], len(data)),
        one_worker=contender(lambda: threadpool.run(fn, data, workers=1), len(data)),
        executor_map=contender(lambda: list(executor.map(fn, tenth)), len(tenth)),
        processes_map=contender(lambda: processes.map(fn, data), len(data)),
        processes_map_chunk_25000=contender(lambda: processes.map(fn, data, 25_000), len(data)),
    )


def test_100_ns_items_and_drop(compare, contender):
    """With the time to free the results: on 3.13t an object made by another thread costs more to free."""
    fn, data = work.hundred_nanoseconds, list(range(200_000))
    compare(
        contender(lambda: bool(threadpool.run(fn, data)), len(data)),
        {},
        serial=contender(lambda: bool([fn(x) for x in data]), len(data)),
    )


def test_10_us_items(compare, contender, processes, executor):
    fn, data = work.ten_microseconds, list(range(5000))
    compare(
        contender(lambda: threadpool.run(fn, data), len(data)),
        {},
        serial=contender(lambda: [fn(x) for x in data], len(data)),
        executor_map=contender(lambda: list(executor.map(fn, data)), len(data)),
        processes_map=contender(lambda: processes.map(fn, data), len(data)),
        processes_map_chunk_100=contender(lambda: processes.map(fn, data, 100), len(data)),
    )


def test_1_ms_items(compare, contender, processes, executor):
    fn, data = work.one_millisecond, list(range(200))
    compare(
        contender(lambda: threadpool.run(fn, data), len(data)),
        {"processes_map": 1.05, "processes_map_chunk_10": 1.05},
        serial=contender(lambda: [fn(x) for x in data], len(data)),
        executor_map=contender(lambda: list(executor.map(fn, data)), len(data)),
        processes_map=contender(lambda: processes.map(fn, data), len(data)),
        processes_map_chunk_10=contender(lambda: processes.map(fn, data, 10), len(data)),
    )


def test_one_item(compare, contender, executor):
    """The bar is 2 µs over the bare call."""
    fn, data, times = work.hundred_nanoseconds, [1], 2000

    def repeat(call):
        def loop():
            for _ in range(times):
                call()

        return contender(loop, times)

    compare(
        repeat(lambda: threadpool.run(fn, data)),
        {},
        bare_call=repeat(lambda: [fn(x) for x in data]),
        executor_submit=repeat(lambda: executor.submit(fn, 1).result()),
    )
