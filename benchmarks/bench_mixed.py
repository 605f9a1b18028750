"""Mixed loads: 200 items of 10 ms among 100,000 of 100 ns. Efficiency: total work / (elapsed time × workers)."""

import random
import statistics

import pytest

import threadpool
import work
from threadpool.cli.info import gil_state

LONG, SHORT = 200, 100_000


def mixed(order):
    """Negative items are the long ones."""
    long, short = list(range(-LONG, 0)), list(range(SHORT))
    if order == "between":
        data = long + short
        random.Random(1).shuffle(data)
        return data
    return short + long if order == "at_the_end" else long + short


@pytest.mark.parametrize("order", ["between", "at_the_end"])
def test_mixed(compare, contender, figure, processes, order):
    """On the cores there are."""
    fn, data, workers = work.ten_milliseconds_or_hundred_nanoseconds, mixed(order), threadpool.workers()
    contenders = compare(
        contender(lambda: threadpool.run(fn, data), len(data)),
        {"serial": 1 / (0.9 * workers)},
        {},
        3,
        serial=contender(lambda: [fn(x) for x in data], len(data)),
        processes_map=contender(lambda: processes.map(fn, data), len(data)),
        processes_map_chunk_100=contender(lambda: processes.map(fn, data, 100), len(data)),
    )
    work_of_all = contenders.pop("serial").seconds
    for name, each in contenders.items():
        found = [serial / (elapsed * workers) for serial, elapsed in zip(work_of_all, each.seconds, strict=True)]
        bar = "at least 0.9" if name == "threadpool" and gil_state() == "off" else ""
        figure(f"efficiency of {name}", f"{statistics.median(found):.3f}", bar)


@pytest.mark.parametrize("order", ["between", "at_the_end"])
def test_mixed_on_8_workers(compare, contender, figure, order):
    """As many as the machine need not have: the long items sleep. Their 10 ms are not measured but taken as said."""
    fn, data, workers = work.sleep_or_hundred_nanoseconds, mixed(order), 8
    short = [x for x in data if x >= 0]
    with threadpool.Pool(workers) as pool:
        contenders = compare(
            contender(lambda: pool.run(fn, data), len(data)),
            {},
            short_items_serially=contender(lambda: [fn(x) for x in short], len(data)),
        )
    ours, short_serially = (each.seconds for each in contenders.values())
    found = [
        (LONG * 0.01 / len(data) + serial) / (elapsed * workers)
        for elapsed, serial in zip(ours, short_serially, strict=True)
    ]
    figure("efficiency of threadpool", f"{statistics.median(found):.3f}", "at least 0.9")
