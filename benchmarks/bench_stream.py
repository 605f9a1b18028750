"""Streams, by the item: imap and imap_unordered beside the streams of multiprocessing and concurrent.futures."""

from collections import deque

import pytest

import threadpool
import work


def drain(iterator):
    deque(iterator, maxlen=0)


GRAINS = {
    "100_ns": (work.hundred_nanoseconds, 100_000, 1000),
    "10_us": (work.ten_microseconds, 5000, 100),
    "1_ms": (work.one_millisecond, 100, 1),
}


@pytest.mark.parametrize("grain", GRAINS)
def test_stream(compare, contender, processes, executor, grain):
    """The processes get chunks; their default is 1."""
    fn, count, chunk = GRAINS[grain]
    data, few = range(count), range(max(100, count // 20))
    compare(
        contender(lambda: drain(threadpool.imap(fn, data)), count),
        {},
        imap_unordered=contender(lambda: drain(threadpool.imap_unordered(fn, data)), count),
        run=contender(lambda: threadpool.run(fn, data), count),
        serial=contender(lambda: drain(map(fn, data)), count),
        executor_map=contender(lambda: drain(executor.map(fn, few)), len(few)),
        processes_imap=contender(lambda: drain(processes.imap(fn, few)), len(few)),
        processes_imap_in_chunks=contender(lambda: drain(processes.imap(fn, data, chunk)), count),
        processes_unordered_in_chunks=contender(lambda: drain(processes.imap_unordered(fn, data, chunk)), count),
    )
