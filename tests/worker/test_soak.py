"""What shows only after long: messages that are lost or out of order, ends that never come, threads that stay."""

import asyncio
import itertools
import os
import random
import sys
import threading
import time
from collections import Counter

import pytest

from threadpool import SharedBuffer, cancelled
from threadpool.errors import QueueFull, WorkerLost
from threadpool.worker import BroadcastChannel, Worker, WorkerPool, current

from .conftest import TIMEOUT, Log, new_ports

pytestmark = [
    pytest.mark.soak,
    pytest.mark.thread_unsafe(reason="starts many threads of its own"),
    # As in test_terminate.py.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


# Of workers that are sent one message.
PROGRAMS = [
    "",
    "parent_port.recv()",
    "parent_port.recv()\n1 / 0",
    "while True: parent_port.recv()",
    "parent_port.on('message', id)",
    "parent_port.once('message', id)",
    "for i in range(100): parent_port.post_message(i)",
    "import asyncio\nasync def main():\n async for _ in parent_port: pass\nasyncio.run(main())",
    "from threadpool.worker import Worker\nWorker('from threadpool.worker import *; parent_port.recv()', eval=True)",
]
# Those that are interrupted, after a tenth of a second.
BUSY_PROGRAMS = [
    "for i in range(1000): parent_port.post_message(i)\nwhile True: pass",
    "for i in range(5): parent_port.post_message(i)\nparent_port.close()\nwhile True: pass",
    "from threadpool.worker import Worker\nWorker('while True: pass', eval=True)",
    "from threadpool.worker import Worker\nWorker('while True: pass', eval=True).join()",
]


def start_any(dice):
    """A worker, its program, and a log of what is heard of it."""
    log, program = Log(), dice.choice(PROGRAMS if dice.randrange(20) else BUSY_PROGRAMS)
    worker = Worker("from threadpool.worker import parent_port\n" + program, eval=True)
    if dice.randrange(2):
        wait_a_little(dice)
    log.listen(worker)
    worker.post_message("go on")
    return worker, program, log


def wait_a_little(dice):
    """For no time, or until another thread has had its turn, or for some microseconds."""
    for _ in range(dice.choice([0, 0, 1, 5])):
        time.sleep(dice.choice([0, 0.0001]))
    for _ in range(dice.randrange(1000)):
        pass


def check_the_end(program, log):
    """What is heard of a worker: all of it in order, and its exit at the end, once."""
    entries = log.wait(lambda entries: entries and entries[-1] in [("exit", 0), ("exit", 1)])
    numbers = [entry[1] for entry in entries if entry[0] == "message"]
    names = ["online" if entry == "online" else entry[0] for entry in entries if entry[0] != "message"]
    assert numbers == list(range(len(numbers)))
    assert names == [name for name in ("online", "error", "exit") if name in names]
    if entries[-1] == ("exit", 0):
        assert len(numbers) == (100 if "range(100)" in program else 0)


def test_workers_that_are_terminated_at_any_moment(soak):
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(1 << 32))
    print(f"SOAK_SEED={seed}")
    dice, ends, children = random.Random(seed), [], current().children.copy()
    for _ in range(soak(3, 500)):
        workers = [start_any(dice) for _ in range(20)]
        for worker, _, _ in dice.sample(workers, 20):
            wait_a_little(dice)
            worker.terminate()
        for worker, program, log in workers:
            assert worker.join(TIMEOUT) in (0, 1)
            check_the_end(program, log)
            ends.append(worker.exit_code)
    print(f"{len(ends)} workers, of which {ends.count(0)} had ended by themselves")
    assert current().children <= children


class Unlucky(Exception):
    pass


def handle(task):
    what, value = task
    if what == "exit":
        sys.exit(value)
    if what == "raise":
        raise Unlucky(value)
    while what == "wait" and not cancelled():
        time.sleep(0)
    return value + 1


async def handle_in_loop(task):
    if task[0] == "wait":
        await asyncio.Event().wait()
    await asyncio.sleep(0)
    return handle(task)


def echo():
    """Posts back what it gets, until that is None."""
    here = current()
    while (message := here.parent_port.recv(TIMEOUT)) is not None:
        here.parent_port.post_message(message, [each for each in [message] if isinstance(each, SharedBuffer)])


class Mix:
    """What may be done with workers, by one thread of several; each way checks what must be true of it."""

    def __init__(self, seed, pools, full_pool):
        self.dice = random.Random(seed)
        self.pools = pools
        self.full_pool = full_pool
        self.counts = Counter()

    def play(self):
        way = self.dice.choice(WAYS)
        way(self, self.dice.choice(self.pools), self.dice.choice([0, 1, 2, 10, 100]))
        self.counts[way.__name__] += 1

    def messages(self, pool, count):
        with Worker(echo) as worker:
            for i in range(count):
                worker.post_message(i)
            assert [worker.recv(TIMEOUT) for _ in range(count)] == list(range(count))

    def close(self, pool, count):
        """A task answers at the other end of a channel, which is closed at some time."""
        one, two = new_ports()

        def answer():
            try:
                while True:
                    two.post_message(two.recv(TIMEOUT))
            except EOFError:
                pass

        thread = threading.Thread(target=answer)
        thread.start()
        for i in range(count):
            one.post_message(i)
        wait_a_little(self.dice)
        one.close()
        thread.join()
        got = [message.value for message in iter(one.receive_message, None)]
        assert got == list(range(len(got)))
        assert len(got) <= count

    def listen(self, pool, count):
        """An event loop hears the messages by a listener, or iterates over them, and hears the end."""
        one, two = new_ports()

        def post():
            for i in range(count):
                one.post_message(i)
            wait_a_little(self.dice)
            one.close()

        async def main():
            posting = asyncio.get_running_loop().run_in_executor(None, post)
            if self.dice.randrange(2):
                got = [message async for message in two]
            else:
                got, closed = [], asyncio.Event()
                two.on("message", got.append)
                two.on("close", closed.set)
                await closed.wait()
            assert got == list(range(count))
            await posting

        asyncio.run(asyncio.wait_for(main(), TIMEOUT))

    def port_on_the_way(self, pool, count):
        """The end of a channel changes hands while the other end posts."""
        carrier, (one, two), got = new_ports(), new_ports(), []
        poster = threading.Thread(target=lambda: [one.post_message(i) for i in range(count)] and one.close())
        poster.start()
        for _ in range(self.dice.randrange(5)):
            if (message := two.receive_message()) is not None:
                got.append(message.value)
            carrier[0].post_message(two, [two])
            two = carrier[1].recv(TIMEOUT)
        poster.join()
        one.close()
        got += [message.value for message in iter(two.receive_message, None)]
        assert got == list(range(count))
        with pytest.raises(EOFError):
            two.recv(TIMEOUT)

    def buffer(self, pool, count):
        with Worker(echo) as worker:
            for i in range(min(count, 10)):
                buffer = SharedBuffer(8)
                buffer.view("int64")[0] = i
                worker.post_message(buffer, [buffer])
                with pytest.raises(ValueError, match="transferred"):
                    buffer.view("int64")
                assert worker.recv(TIMEOUT).view("int64")[0] == i

    def terminate(self, pool, count):
        worker, program, log = start_any(self.dice)
        wait_a_little(self.dice)
        assert worker.terminate().result(TIMEOUT) in (0, 1)
        check_the_end(program, log)

    def nested(self, pool, count):
        """A worker ends, or is ended, and with it its own."""
        children = []

        def outer():
            for _ in range(3):
                children.append(Worker(echo))
            if count % 2 == 0:
                current().parent_port.recv(TIMEOUT)

        worker = Worker(outer)
        wait_a_little(self.dice)
        worker.terminate()
        assert worker.join(TIMEOUT) in (0, 1)
        assert all(child.join(TIMEOUT) == 1 for child in children)

    def broadcast_channel(self, pool, count):
        """All threads that do this share the name; those of each sender are heard in order."""
        with BroadcastChannel("soak") as one, BroadcastChannel("soak") as two:
            for i in range(count):
                one.post_message((self, i))
            got = [message.value for message in iter(two.receive_message, None)]
        assert [i for sender, i in got if sender is self] == list(range(count))
        for other in {sender for sender, _ in got}:
            numbers = [i for sender, i in got if sender is other]
            assert all(after == before + 1 or after == 0 for before, after in itertools.pairwise(numbers))

    def submit(self, pool, count):
        futures = [pool.submit(("add", i)) for i in range(count)]
        assert [future.result(TIMEOUT) for future in futures] == list(range(1, count + 1))

    def submit_cancelled(self, pool, count):
        futures = [pool.submit(("add", i)) for i in range(count)]
        for i, future in enumerate(futures):
            if not future.cancel():
                assert future.result(TIMEOUT) == i + 1

    def timeout(self, pool, count):
        future = pool.submit(("wait", 0), timeout=self.dice.choice([0, 0.0001, 0.001]))
        assert isinstance(future.exception(TIMEOUT), TimeoutError)

    def crash(self, pool, count):
        crash, other = pool.submit(("exit", count)), pool.submit(("add", count))
        assert isinstance(crash.exception(TIMEOUT), WorkerLost)
        assert other.result(TIMEOUT) == count + 1

    def error(self, pool, count):
        assert pool.submit(("raise", count)).exception(TIMEOUT).args == (count,)

    def run(self, pool, count):
        async def main():
            results = await asyncio.gather(*(pool.run(("add", i)) for i in range(count)))
            assert results == list(range(1, count + 1))

        asyncio.run(asyncio.wait_for(main(), TIMEOUT))

    def run_cancelled(self, pool, count):
        async def main():
            futures = [pool.run((self.dice.choice(["add", "add", "wait"]), i)) for i in range(min(count, 10))]
            await asyncio.sleep(self.dice.choice([0, 0.0001, 0.001]))
            for future in futures:
                future.cancel()
            for i, result in enumerate(await asyncio.gather(*futures, return_exceptions=True)):
                assert result == i + 1 or isinstance(result, asyncio.CancelledError)

        asyncio.run(asyncio.wait_for(main(), TIMEOUT))

    def full(self, pool, count):
        futures = []
        for i in range(count):
            try:
                futures.append((i, self.full_pool.submit(("add", i))))
            except QueueFull:
                wait_a_little(self.dice)
        assert all(future.result(TIMEOUT) == i + 1 for i, future in futures)

    def broadcast(self, pool, count):
        """A worker may crash, or end, before it has its turn: then its result is not there."""
        try:
            assert set(pool.broadcast(("add", count))) <= {count + 1}
        except WorkerLost:
            pass

    def look(self, pool, count):
        """At what others change."""
        worker, _, _ = start_any(self.dice)
        while worker.join(0.001) is None:
            assert 0 <= worker.utilization() <= 1
            if self.dice.randrange(5) == 0:
                worker.terminate()
        assert 0 <= pool.utilization <= 1
        assert pool.run_time.p50 <= pool.run_time.most
        assert pool.completed + pool.failed + pool.workers + pool.queue_size >= 0
        assert pool.needs_drain is False
        repr(pool), repr(worker)

    def own_pool(self, pool, count):
        own = WorkerPool(handle, min_workers=self.dice.randrange(3), max_workers=2)
        tasks = [(self.dice.choice(["add", "add", "add", "exit", "wait"]), i) for i in range(min(count, 10))]
        futures = [own.submit(task) for task in tasks]
        wait_a_little(self.dice)
        own.destroy().result(TIMEOUT)
        for i, future in enumerate(futures):
            error = future.exception(0)
            assert isinstance(error, (RuntimeError, WorkerLost)) or future.result() == i + 1
        assert (own.workers, own.queue_size) == (0, 0)


WAYS = [way for name, way in vars(Mix).items() if name not in ("__init__", "play") and callable(way)]


def test_a_random_mix_of_everything(soak, in_threads):
    """From several threads, on shared pools. SOAK_SEED repeats it."""
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(1 << 32))
    print(f"SOAK_SEED={seed}")
    pools = [
        WorkerPool(handle, 2),
        WorkerPool(handle, min_workers=0, max_workers=3, idle_timeout=0.001),
        WorkerPool(handle_in_loop, 2, concurrent_tasks_per_worker=3),
    ]
    full_pool = WorkerPool(handle, 1, max_queue=5)
    mixes = [Mix(seed + thread, pools, full_pool) for thread in range(6)]
    children, threads = current().children.copy(), threading.active_count()
    seconds, rounds, left = soak(0, 600), soak(30, 1 << 60), list(mixes)
    end = time.monotonic() + seconds

    def play():
        mix = left.pop()
        for _ in range(rounds):
            mix.play()
            if seconds and time.monotonic() > end:
                break

    in_threads(play, 6)
    print(dict(sum((mix.counts for mix in mixes), Counter())))
    for pool in (*pools, full_pool):
        assert pool.queue_size == 0
        pool.close().result(TIMEOUT)
        assert pool.workers == 0
    assert current().children <= children
    while threading.active_count() > threads + 10:  # those that stay; others are about to go
        time.sleep(0.01)
