"""Workers and ports: round trips, streams, starts and memory, beside the standard library and, where it is there, Node.

Node's program runs all the time, and is told when it is its turn.
"""

import asyncio
import multiprocessing
import queue
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy
import pytest

from threadpool.worker import MessageChannel, Worker

ROUND_TRIPS = 2_000
STREAM = 100_000
STARTS = 20


@pytest.fixture(scope="module")
def node():
    """node(command, count) has workers.mjs do it; None where there is no Node."""
    if shutil.which("node") is None:
        yield None
        return
    program = Path(__file__).parent / "node" / "workers.mjs"
    with subprocess.Popen(["node", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def do(command, count):
            process.stdin.write(f"{command} {count}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n"

        yield do
        process.stdin.close()


@pytest.fixture
def against_node(contender, node):
    """against_node(command, count): the contender, by its name, if there is Node."""

    def contenders(command, count):
        return {"node": contender(lambda: node(command, count), count)} if node else {}

    return contenders


def echo(take, put):
    """Sends back what it gets, until that is None."""
    while (message := take()) is not None:
        put(message)


def ping_pong(put, take, message=0, times=ROUND_TRIPS):
    for _ in range(times):
        put(message)
        take()


@pytest.fixture
def port():
    """Of a channel whose other end is a thread that sends back what it gets."""
    channel = MessageChannel()
    thread = threading.Thread(target=echo, args=(channel.port2.recv, channel.port2.post_message))
    thread.start()
    yield channel.port1
    channel.port1.post_message(None)
    thread.join()


@pytest.fixture
def queues():
    """To a thread that sends back what it gets, and from it."""
    there, back = queue.SimpleQueue(), queue.SimpleQueue()
    thread = threading.Thread(target=echo, args=(there.get, back.put))
    thread.start()
    yield there, back
    there.put(None)
    thread.join()


def test_round_trip(compare, contender, port, queues, against_node):
    """Two threads that wait for one another: `recv`."""
    there, back = queues
    compare(
        contender(lambda: ping_pong(port.post_message, port.recv), ROUND_TRIPS),
        {"simple_queue": 0.5, "node": 0.5},
        {"simple_queue": 0.5, "node": 0.5},
        simple_queue=contender(lambda: ping_pong(there.put, back.get), ROUND_TRIPS),
        **against_node("ping_pong", ROUND_TRIPS),
    )


def echo_by_events():
    from threadpool.worker import parent_port

    parent_port.on("message", parent_port.post_message)


def drive_by_events():
    """Told a number by who made it, as many round trips with the other worker, and the answer 0."""
    from threadpool.worker import parent_port, worker_data

    def begin(count):
        nonlocal left
        left = count
        other.post_message(0)

    def go_on(message):
        nonlocal left
        left -= 1
        if left:
            other.post_message(message)
        else:
            parent_port.post_message(message)

    left, other = 0, worker_data
    parent_port.on("message", begin)
    other.on("message", go_on)


def test_round_trip_by_events(compare, contender, queues, against_node):
    """Two workers that listen to each other: `on`."""
    there, back = queues
    channel = MessageChannel()

    def echo_at_port():
        channel.port2.on("message", channel.port2.post_message)

    with Worker(echo_at_port), Worker(drive_by_events, data=channel.port1) as driver:

        def by_events():
            driver.post_message(ROUND_TRIPS)
            driver.recv()

        compare(
            contender(by_events, ROUND_TRIPS),
            {"simple_queue": 0.5, "node": 0.5},
            {"simple_queue": 0.5, "node": 0.5},
            simple_queue=contender(lambda: ping_pong(there.put, back.get), ROUND_TRIPS),
            **against_node("ping_pong", ROUND_TRIPS),
        )


def test_round_trip_from_a_loop(compare, contender, port, queues):
    """An event loop and a thread: `async for`, beside asyncio.to_thread for each."""
    there, back = queues

    def by_queues():
        there.put(0)
        return back.get()

    async def by_port():
        for _ in range(ROUND_TRIPS):
            port.post_message(0)
            await anext(port)

    async def by_to_thread():
        for _ in range(ROUND_TRIPS):
            await asyncio.to_thread(by_queues)

    compare(
        contender(lambda: asyncio.run(by_port()), ROUND_TRIPS),
        {},
        to_thread=contender(lambda: asyncio.run(by_to_thread()), ROUND_TRIPS),
    )


def test_large_message(compare, contender, port):
    """An array of 100 MB, beside an int; and beside a small one, whose reference count two cores write as well."""
    array, small = numpy.zeros(100_000_000, "uint8"), numpy.zeros(1, "uint8")
    compare(
        contender(lambda: ping_pong(port.post_message, port.recv, array), ROUND_TRIPS),
        {"int": 1.05},
        {"int": 1.05},
        int=contender(lambda: ping_pong(port.post_message, port.recv), ROUND_TRIPS),
        small=contender(lambda: ping_pong(port.post_message, port.recv, small), ROUND_TRIPS),
    )


def drain(take, put):
    """Answers each None, and nothing else."""
    while True:
        message = take()
        if message is None:
            put(None)
        elif message is Ellipsis:
            return


def stream(put, take):
    for number in range(STREAM - 1):
        put(number)
    put(None)
    take()


def count_by_events():
    from threadpool.worker import parent_port

    parent_port.on("message", lambda message: parent_port.post_message(None) if message is None else None)


@pytest.mark.parametrize("how", ["recv", "events"])
def test_stream(compare, contender, figure, against_node, how):
    """Messages in one direction, from the first one sent to the last one taken."""
    channel, there, back = MessageChannel(), queue.SimpleQueue(), queue.SimpleQueue()
    threads = [
        threading.Thread(target=drain, args=(channel.port2.recv, channel.port2.post_message)),
        threading.Thread(target=drain, args=(there.get, back.put)),
    ]
    for thread in threads:
        thread.start()
    with Worker(count_by_events) as worker:
        end = channel.port1 if how == "recv" else worker
        found = compare(
            contender(lambda: stream(end.post_message, end.recv), STREAM),
            {},
            simple_queue=contender(lambda: stream(there.put, back.get), STREAM),
            **against_node("stream", STREAM),
        )
    channel.port1.post_message(...)
    there.put(...)
    for thread in threads:
        thread.join()
    rates = [1 / seconds for seconds in found["threadpool"].seconds]
    figure("messages per second", f"{sorted(rates)[len(rates) // 2] / 1e6:.2f} M", "at least 1 M")


def test_start(compare, contender, figure, against_node):
    """From `Worker(…)` until `online` is told, and the end of it."""

    def by_workers():
        for _ in range(STARTS):
            online = threading.Event()
            worker = Worker(int)
            worker.once("online", online.set)
            online.wait()
            worker.join()

    def by_threads():
        for _ in range(STARTS):
            online = threading.Event()
            thread = threading.Thread(target=online.set)
            thread.start()
            online.wait()
            thread.join()

    found = compare(
        contender(by_workers, STARTS),
        {},
        thread=contender(by_threads, STARTS),
        **against_node("start", STARTS),
    )
    seconds = sorted(found["threadpool"].seconds)
    figure("online", f"{seconds[len(seconds) // 2] * 1e3:.2f} ms", "at most 1 ms")


def echo_in_process():
    from threadpool.worker import parent_port

    echo(parent_port.recv, parent_port.post_message)


@pytest.mark.parametrize("what", ["int", "array of 100 MB"])
def test_round_trip_to_a_process(compare, contender, what):
    message, times = (0, ROUND_TRIPS) if what == "int" else (numpy.zeros(100_000_000, "uint8"), 1)
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=echo, args=(there.recv, there.send), daemon=True)
    process.start()
    with Worker(echo_in_process, runtime="process") as worker:
        compare(
            contender(lambda: ping_pong(worker.post_message, worker.recv, message, times), times),
            {},
            pipe=contender(lambda: ping_pong(here.send, here.recv, message, times), times),
        )
    here.send(None)
    process.join()


IDLE = """
import threading
from threadpool.worker import Worker

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))

def listen():
    from threadpool.worker import parent_port
    parent_port.on("message", parent_port.post_message)

def workers():
    there = [Worker(listen) for _ in range(1000)]
    for worker in there:
        worker.post_message(0)
    for worker in there:
        worker.recv()
    return there

def threads():
    end = threading.Event()
    for _ in range(1000):
        threading.Thread(target=end.wait, daemon=True).start()

Worker(int).join()
before = resident()
there = {name}()
print((resident() - before) / 1e6)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_1000_idle_workers(figure):
    for name, bar in (("workers", "under 200 MB"), ("threads", "")):
        command = [sys.executable, "-c", IDLE.replace("{name}", name)]
        megabytes = float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)
        figure(f"1000 idle {name}", f"{megabytes:.0f} MB", bar)
