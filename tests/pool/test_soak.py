"""What shows only after long: hangs, items lost or done twice, memory and threads that stay. See `make soak`."""

import asyncio
import io
import itertools
import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import CancelledError, TimeoutError

import pytest

import threadpool

pytestmark = pytest.mark.soak
linux_only = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads /proc")


@pytest.mark.parametrize("workers", [1, 2])
def test_nested_runs_of_depth_16(workers, soak):
    def nested(depth):
        return 1 if depth == 0 else 1 + max(pool.run(nested, [depth - 1, 0]))

    with threadpool.Pool(workers) as pool:
        for i in range(soak(200, 10_000)):
            assert nested(16) == 17
            if i % 10 == 0:
                assert pool.submit(nested, 16).result() == 17


def test_every_item_runs_exactly_once(soak, in_threads):
    """Runs and streams of random sizes, from 8 threads, with yields at random."""
    total = soak(200_000, 10_000_000)
    counts = threadpool.SharedBuffer(total // 8 * 8)
    numbers = list(range(8))

    def submit():
        thread = numbers.pop()
        dice = random.Random(thread)
        first, end = thread * (total // 8), (thread + 1) * (total // 8)

        def item(i):
            if i * 2654435761 % 1024 == thread:
                time.sleep(0)
            return threadpool.Atomics.add(counts, i, 1)

        while first < end:
            size = min(end - first, int(10 ** dice.uniform(0, 5)))
            items = range(first, first + size)
            how = dice.randrange(5)
            if how < 3:
                chunk = dice.choice([None, None, 1, 100])
                results = (threadpool if how else pool).run(item, items, chunk=chunk)
            else:
                results = list((threadpool.imap if how == 3 else pool.imap_unordered)(item, items))
            assert results == [0] * size
            first += size

    with threadpool.Pool(3) as pool:
        in_threads(submit, 8)
    assert bytes(counts) == b"\1" * (total // 8 * 8)


PRELUDE = """
import gc, os, random, sys, threading, time, threadpool

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def peak():
    with open("/proc/self/status") as file:
        return 1024 * next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

def wait_for(true, seconds):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()

MB = 1 << 20
"""


def measure(program, **values):
    """Runs the program in a process of its own, whose memory has no other users."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "THREADPOOL_WORKERS": "2", **{name: str(value) for name, value in values.items()}},
    )
    assert done.returncode == 0
    print(done.stdout, end="")


def test_results_are_freed_before_they_pile_up(soak):
    """Counts objects, not pages: how many of those the allocator keeps depends on which thread has done how much."""
    program = """
        runs, objects = int(os.environ["RUNS"]), int(os.environ["OBJECTS"])
        def run():
            results = threadpool.run(lambda i: [i], range(objects))
            return sys.getallocatedblocks()
        threadpool.run(abs, range(1000))
        blocks = sys.getallocatedblocks()
        most = max(run() for _ in range(runs)) - blocks
        began = time.monotonic()
        fallen = wait_for(lambda: sys.getallocatedblocks() - blocks < objects // 20, 60)
        print(f"{most / objects:.1f} blocks for each object of a run, at the most, in {runs} runs; "
              f"{sys.getallocatedblocks() - blocks} blocks {time.monotonic() - began:.1f} s after the last")
        # A number, a list and its array each, of this run, and what another thread has not freed yet of the last one.
        assert most < 6.5 * objects
        assert fallen
    """
    measure(program, RUNS=soak(30, 1000), OBJECTS=soak(50_000, 100_000))


@linux_only
def test_memory_of_a_large_run(soak):
    """Peak against what is there at the end: input, result list and result objects."""
    program = """
        count = int(os.environ["COUNT"])
        threadpool.run(abs, range(10_000))
        start = resident()
        data = list(range(1000, count + 1000))
        results = threadpool.run(lambda i: i + 1, data)
        most, end = peak() - start, resident() - start
        # The snapshot of the input is not there any more.
        print(f"memory of {count} items: {most // MB} MB at the most, {end // MB} MB of data and results: "
              f"{most / end:.3f}")
        assert most < 1.15 * end + 2 * MB
    """
    measure(program, COUNT=soak(500_000, 10_000_000))


@linux_only
def test_pools_that_are_dropped_leave_nothing(soak):
    program = """
        pools = int(os.environ["POOLS"])
        def use(i):
            pool = threadpool.Pool(2, idle_timeout=random.choice([None, 0, 60]))
            assert pool.run(abs, range(-100, 0)) == list(range(100, 0, -1))
            if i % 3 == 0:
                assert pool.submit(abs, -1).result() == 1
            if i % 3 == 1:
                next(pool.imap(abs, range(100)))
            if i % 2:
                pool.shutdown(wait=i % 4 == 1)
        def use_many():
            for i in range(pools // 2):
                use(i)
            gc.collect()
            assert wait_for(lambda: threading.active_count() == 1, 60), threading.enumerate()
            return resident()
        before, after = use_many(), use_many()
        print(f"{pools} pools: {before // MB} MB after half of them, {after // MB} MB at the end")
        assert after - before < 4 * MB
    """
    measure(program, POOLS=soak(200, 5000))


class Unlucky(Exception):
    pass


def test_a_random_mix_of_everything(soak, in_threads):
    """From many threads, on shared pools, with cancellations, timeouts and resizes. SOAK_SEED repeats it."""
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(1 << 32))
    print(f"SOAK_SEED={seed}")
    seeds = [seed + thread for thread in range(6)]
    seconds, rounds = soak(0, 600), soak(60, 1 << 60)
    end = time.monotonic() + seconds

    def item(i):
        if i % 97 == 0:
            time.sleep(0)
        if i % 1009 == 0:
            threadpool.cancelled()
        return i + 1

    def unlucky(i):
        if i == 50:
            raise Unlucky
        return i

    def play():
        dice = random.Random(seeds.pop())
        for _ in range(rounds):
            play_once(dice, dice.choice(pools), range(dice.choice([0, 1, 2, 10, 100, 1000, 3000])))
            if seconds and time.monotonic() > end:
                break

    def play_once(dice, pool, items):
        expected = [i + 1 for i in items]
        move = dice.choice(
            ["run"] * 4
            + ["nested", "starmap", "timeout", "fails", "group", "return", "imap", "imap_unordered", "leave", "submit"]
            + [
                "cancel",
                "wait",
                "map",
                "map_timeout",
                "async",
                "async_cancelled",
                "broadcast",
                "resize",
                "look",
                "drop",
            ]
        )
        if move == "run":
            chunk, workers = dice.choice([None, 1, 7]), dice.choice([None, 1, 2, 5])
            assert pool.run(item, items, chunk=chunk, workers=workers) == expected
        elif move == "nested":
            other = dice.choice(pools)
            assert pool.run(lambda i: other.run(item, range(i)), range(20)) == [
                list(range(1, i + 1)) for i in range(20)
            ]
        elif move == "starmap":
            assert pool.starmap(pow, [(i, 2) for i in items]) == [i * i for i in items]
        elif move == "timeout":
            try:
                assert pool.run(item, items, timeout=dice.choice([0, 0.0001, 0.001])) == expected
            except TimeoutError:
                pass
        elif move == "fails":
            try:
                assert pool.run(unlucky, items) == list(items)
                assert len(items) <= 50
            except Unlucky:
                assert len(items) > 50
        elif move == "group":
            if len(items) > 50:
                with pytest.raises(ExceptionGroup) as caught:
                    pool.run(unlucky, items, errors="group")
                assert len(caught.value.exceptions) == 1
            else:
                assert pool.run(unlucky, items, errors="group") == list(items)
        elif move == "return":
            results = pool.run(unlucky, items, errors="return")
            assert [i for i, result in enumerate(results) if result != i] == ([50] if len(items) > 50 else [])
        elif move == "imap":
            assert list(pool.imap(item, items, window=dice.choice([None, 1, 50]))) == expected
        elif move == "imap_unordered":
            assert sorted(pool.imap_unordered(item, items)) == expected
        elif move == "leave":
            assert list(itertools.islice(pool.imap(item, itertools.count()), 20)) == list(range(1, 21))
        elif move == "submit":
            assert [future.result() for future in [pool.submit(item, i) for i in items[:50]]] == expected[:50]
        elif move == "cancel":
            for future in [pool.submit(item, i) for i in items[:50]]:
                if not future.cancel():
                    future.result()
        elif move == "wait":
            other = dice.choice(pools)
            assert pool.submit(lambda: other.submit(item, 5).result()).result() == 6
        elif move == "map":
            assert list(pool.map(item, items, chunksize=dice.choice([1, 10]))) == expected
        elif move == "map_timeout":
            try:
                assert list(pool.map(item, items, timeout=dice.choice([0, 0.001]))) == expected
            except TimeoutError:
                pass
        elif move == "async":
            assert asyncio.run(pool.run_async(item, items)) == expected
        elif move == "async_cancelled":
            try:
                assert asyncio.run(asyncio.wait_for(pool.run_async(item, items), 0.0005)) == expected
            except TimeoutError:
                pass
        elif move == "broadcast":
            if dice.randrange(5) == 0:
                assert set(fixed.broadcast(item, 1)) == {2}
        elif move == "resize":
            pool.resize(dice.randint(1, 4))
        elif move == "look":
            assert pool.stats().workers >= 0
            pool.dump(io.StringIO())
        elif move == "drop":
            own = threadpool.Pool(2)
            futures = [own.submit(item, i) for i in items[:50]]
            cancelled = dice.randrange(2) == 0
            own.shutdown(wait=False, cancel_futures=cancelled)
            for i, future in enumerate(futures):
                try:
                    assert future.result() == i + 1
                except CancelledError:
                    assert cancelled

    fixed = threadpool.Pool(2)
    pools = [threadpool.Pool(1), threadpool.Pool(2, idle_timeout=0.001), threadpool.Pool(3, max_queue=5)]
    in_threads(play, 6)
    for pool in (*pools, fixed):
        assert pool.stats().queued == 0
        pool.shutdown()
    end = time.monotonic() + 60  # threads that were told to end do so once they run
    while threading.active_count() >= 50 and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() < 50
