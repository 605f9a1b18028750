"""Ending workers from outside, whatever they do, and what becomes of the rest."""

import asyncio
import queue
import threading
import time

import pytest

from threadpool import cancelled
from threadpool.errors import WorkerTerminated
from threadpool.worker import MessageChannel, Worker, current

from .conftest import TIMEOUT, Log

join = Worker.join
ready = "from threadpool.worker import parent_port; parent_port.post_message('ready')\n"

# The exception that ends a worker may come in a finalizer, for instance of an event loop: there CPython tells of it and
# goes on, and the worker is interrupted again.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

STATES = {
    "recv": "parent_port.recv()",
    "serving callbacks": "parent_port.on('message', print)",
    "callbacks that are C, and post to themselves": (
        "from threadpool.worker import MessageChannel\nchannel = MessageChannel()\n"
        "channel.port1.on('message', channel.port2.post_message)\nchannel.port2.post_message(1)"
    ),
    "pure Python": "while True: pass",
    "cancelled": "from threadpool import cancelled\nwhile not cancelled(): pass",
    "asyncio at a port": "import asyncio\nasync def main():\n async for _ in parent_port: pass\nasyncio.run(main())",
    "asyncio with a listener": (
        "import asyncio\nasync def main():\n parent_port.on('message', print)\n await asyncio.Event().wait()\n"
        "asyncio.run(main())"
    ),
    "in short sleeps": "import time\nwhile True: time.sleep(0.01)",
    "waiting for its own worker": (
        "from threadpool.worker import Worker\nWorker('from threadpool.worker import parent_port\\n"
        "parent_port.recv()', eval=True).join()"
    ),
    "iterating": "import itertools\nfor _ in itertools.count(): pass",
}


@pytest.mark.parametrize("state", STATES)
def test_whatever_it_does(state):
    log = Log()
    worker = Worker(ready + STATES[state], eval=True)
    assert worker.recv(TIMEOUT) == "ready"
    log.listen(worker, "error", "exit")
    assert worker.terminate().result(TIMEOUT) == 1
    assert log.wait_for(("exit", 1)) == [("exit", 1)]
    with pytest.raises(EOFError):
        worker.recv()


def test_a_coroutine_function_that_waits_for_something_else():
    async def script():
        from threadpool.worker import parent_port

        parent_port.post_message("ready")
        await asyncio.Event().wait()

    worker = Worker(script)
    assert worker.recv(TIMEOUT) == "ready"
    assert worker.terminate().result(TIMEOUT) == 1


def test_before_it_runs(soak):
    for _ in range(soak(2, 500)):
        ends = [Worker("while True: pass", eval=True).terminate() for _ in range(10)]
        assert [end.result(TIMEOUT) for end in ends] == [1] * 10


def test_twice_and_after_the_end():
    worker = Worker(ready + "parent_port.recv()", eval=True)
    first, second = worker.terminate(), worker.terminate()
    assert first.result(TIMEOUT) == second.result(TIMEOUT) == worker.terminate().result() == 1


def test_by_a_signal_handler_in_the_midst_of_it():
    worker = Worker(ready + "parent_port.recv()", eval=True)
    ask, asked = worker._runtime.ask_to_end, []

    def ask_and_handle():
        asked.append(len(asked))
        if len(asked) == 1:
            worker.terminate()
        ask()

    worker._runtime.ask_to_end = ask_and_handle
    assert worker.terminate().result(TIMEOUT) == 1
    assert asked == [0, 1]


@pytest.mark.thread_unsafe(reason="replaces what a worker is given to unwind")
@pytest.mark.parametrize("seconds", [0, 0.3])
@pytest.mark.parametrize("wait", ["parent_port.recv()", "calculate()"])
def test_finally_is_done(monkeypatch, wait, seconds):
    """It has longer for that than the time after which it is interrupted."""
    monkeypatch.setattr("threadpool.worker.worker.UNWIND_SECONDS", 60)
    # A function, as the jump at the end of a loop is not part of the try around it for the interpreter.
    calculate = "def calculate():\n while True: abs(1)\n"
    source = f"import time\ntry:\n {wait}\nfinally:\n time.sleep({seconds})\n abs(1)\n parent_port.post_message('done')"
    worker = Worker(ready + calculate + source, eval=True)
    assert worker.recv(TIMEOUT) == "ready"
    assert worker.terminate().result(TIMEOUT) == 1
    assert worker.recv() == "done"


def test_who_ends_as_soon_as_it_is_cancelled_was_terminated():
    """The one who asks is held up between the two things that it does."""

    class HeldUp:
        def __init__(self, cancellation):
            self.cancellation = cancellation
            self.enter, self.leave = cancellation.enter, cancellation.leave

        def cancel(self):
            self.cancellation.cancel()
            assert worker.join(TIMEOUT) is not None

    def script():
        while not cancelled():
            pass

    worker = Worker(script)
    worker._runtime._cancellation = HeldUp(worker._runtime._cancellation)
    worker._runtime.ask_to_end()
    assert worker.join() == 1


def test_from_inside():
    def script():
        worker = holder.get()
        worker.terminate()
        with pytest.raises(RuntimeError, match="cannot wait for its own end"):
            worker.terminate().result()
        with pytest.raises(RuntimeError, match="cannot wait for its own end"):
            worker.join()
        from threadpool.worker import parent_port

        parent_port.post_message(cancelled())
        parent_port.recv()

    import queue

    holder = queue.SimpleQueue()
    worker = Worker(script)
    holder.put(worker)
    assert worker.join(TIMEOUT) == 1
    assert worker.recv() is True


def test_from_a_callback_that_waits():
    """On the delivery thread, which must not be needed for it."""
    log = Log()
    worker = Worker(ready + "while True: pass", eval=True)
    worker.on("message", lambda message: log(worker.terminate().result(TIMEOUT)))
    log.wait_for(1)


def test_with_ends_it():
    with Worker(ready + "parent_port.recv()", eval=True) as worker:
        assert worker.recv(TIMEOUT) == "ready"
    assert worker.exit_code == 1


def test_awaited():
    async def main():
        async with Worker("while True: pass", eval=True) as worker:
            pass
        assert worker.exit_code == 1
        worker = Worker("while True: pass", eval=True)
        assert await worker.terminate() == 1

    asyncio.run(main())


def test_who_does_not_wait_any_longer_cancels_nothing():
    running, gate = threading.Event(), threading.Event()

    def script():
        running.set()
        assert gate.wait(TIMEOUT)

    async def main():
        worker = Worker(script)
        assert running.wait(TIMEOUT)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.ensure_future(worker.terminate()), 0.01)
        gate.set()
        assert await worker.terminate() == 1

    asyncio.run(main())


def test_result_times_out():
    running, gate = threading.Event(), threading.Event()

    def script():
        running.set()
        assert gate.wait(TIMEOUT)

    worker = Worker(script)
    assert running.wait(TIMEOUT)
    with pytest.raises(TimeoutError, match=r"has not ended within 0\.01 seconds"):
        worker.terminate().result(0.01)
    gate.set()
    assert worker.terminate().result(TIMEOUT) == 1


@pytest.mark.thread_unsafe(reason="replaces what workers are given to end")
def test_nested_workers_end_with_their_parent(monkeypatch):
    monkeypatch.setattr("threadpool.worker.thread.END_SECONDS", 60)

    def inner():
        from threadpool.worker import parent_port

        parent_port.recv()

    def outer():
        from threadpool.worker import parent_port

        parent_port.post_message([Worker(inner) for _ in range(3)])
        parent_port.recv()

    for end in ("terminate", "return"):
        worker = Worker(outer)
        children = worker.recv(TIMEOUT)
        if end == "terminate":
            assert worker.terminate().result(TIMEOUT) == 1
        else:
            worker.post_message("end")
            assert worker.join(TIMEOUT) == 0
        assert [child.exit_code for child in children] == [1, 1, 1]


def test_nested_workers_made_while_it_is_terminated(soak):
    def outer():
        while len(children) < 1000:  # not until there are no threads, if it is slow to be told
            children.append(Worker(ready + "parent_port.recv()", eval=True))
        current().parent_port.recv()

    for _ in range(soak(5, 200)):
        children: list[Worker] = []
        worker = Worker(outer)
        while not children:
            time.sleep(0)
        assert worker.terminate().result(TIMEOUT) == 1
        assert {child.join(TIMEOUT) for child in children} == {1}


@pytest.mark.thread_unsafe(reason="replaces what a worker is given to end")
def test_a_worker_waits_once_for_all_that_do_not_end(monkeypatch):
    """Its own workers, which cannot be interrupted: they are given as long as one of them."""
    monkeypatch.setattr("threadpool.worker.thread.END_SECONDS", 0.05)
    gate, waited, wait = threading.Event(), [], Worker._wait
    monkeypatch.setattr(Worker, "_wait", lambda worker, timeout: waited.append(timeout) or wait(worker, timeout))

    def outer():
        children.extend(Worker(gate.wait) for _ in range(20))

    children: list[Worker] = []
    worker = Worker(outer)
    assert wait(worker, TIMEOUT) == 0
    assert waited[0] <= 0.05
    assert waited[-1] == 0
    gate.set()
    assert {join(child, TIMEOUT) for child in children} == {1}


@pytest.mark.soak
@pytest.mark.thread_unsafe(reason="starts many threads of its own")
@pytest.mark.parametrize("is_loop", [False, True])
def test_one_that_dies_while_it_sends_wedges_nobody(is_loop, soak):
    """It is interrupted anywhere in its sending: who listens gets what others send afterwards."""
    log = Log()
    seen = [0]

    def sender():
        from threadpool.worker import worker_data

        while True:
            number = seen[0]
            worker_data.post_message(number)
            while seen[0] == number:
                pass

    def hear(message):
        if message == "after it":
            log(message)
        else:
            seen[0] += 1

    def play():
        for number in range(soak(10, 1000)):
            channel = MessageChannel()
            yield channel.port2.on("message", hear)
            worker = Worker(sender, data=channel.port1)
            before = seen[0]
            while seen[0] < before + 10:
                yield
            assert worker.terminate().result(TIMEOUT) == 1
            channel.port1.post_message("after it")
            while len(log.entries) <= number:
                yield
            channel.port1.close()

    async def play_in_loop():
        for _ in play():
            await asyncio.sleep(0)

    if is_loop:
        asyncio.run(play_in_loop())
    else:
        for _ in play():
            time.sleep(0)


def test_it_is_no_exception_to_except():
    assert issubclass(WorkerTerminated, SystemExit)
    worker = Worker(ready + "while True:\n try:\n  while True: pass\n except Exception: pass", eval=True)
    assert worker.terminate().result(TIMEOUT) == 1


def test_a_terminated_wait_takes_no_message():
    """Two wait at one port, and one of them is ended as a message comes: the other gets it."""
    for _ in range(50):
        channel = MessageChannel()
        worker = Worker(
            ready + "from threadpool.worker import worker_data\nworker_data.recv()", eval=True, data=channel.port2
        )
        assert worker.recv(TIMEOUT) == "ready"
        got = []
        thread = threading.Thread(target=lambda got=got, port=channel.port2: got.append(port.recv(TIMEOUT)))
        thread.start()
        worker.terminate()
        channel.port1.post_message(1)
        channel.port1.post_message(2)
        worker.join(TIMEOUT)
        thread.join()
        assert got[0] in (1, 2)


@pytest.mark.soak
def test_a_finalizer_that_waits_does_not_hide_where_its_thread_waits():
    """It runs in the thread that has made the object, in a wait, when another thread lets go of it."""
    told = queue.SimpleQueue()

    class Waits:
        def __del__(self):
            with pytest.raises(TimeoutError):
                MessageChannel().port1.recv(0.001)
            told.put("done")

    def script():
        current().parent_port.post_message(Waits())
        current().parent_port.recv()

    worker = Worker(script)
    worker.recv(TIMEOUT)  # and dropped
    told.get(timeout=TIMEOUT)
    time.sleep(2.5)  # from then on a thread that waits does not look by itself whether it is to end
    assert worker.terminate().result(TIMEOUT) == 1


@pytest.mark.thread_unsafe(reason="looks at what the process writes")
@pytest.mark.parametrize("rest", ["await asyncio.to_thread(int)", "await asyncio.sleep(0)", "return"])
def test_a_loop_that_is_terminated_as_it_ends_complains_of_nothing(prints, soak, rest):
    source = f"""
        threadpool.worker.worker.GRACE_SECONDS = 60  # it is asked, and not interrupted, as it might be in a finalizer

        async def script():
            parent_port = threadpool.worker.current().parent_port
            await asyncio.to_thread(int)
            parent_port.post_message("ready")
            {rest}

        async def main():
            for _ in range({soak(50, 1000)}):
                async with Worker(script) as worker:
                    assert await anext(worker) == "ready"

        asyncio.run(main())
    """
    assert prints(source) == ""
