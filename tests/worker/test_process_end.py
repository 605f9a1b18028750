"""How a process ends, and what is told of it."""

import os
import signal
import socket
import threading
import time

import pytest
from process_programs import STUBBORN, Fault, Local, Unreadable, echo, fail

from threadpool.errors import WorkerCrashed
from threadpool.worker import Worker
from threadpool.worker.process.link import FIRST_OF_PARENT, Link
from threadpool.worker.process.packing import PackedError
from threadpool.worker.process.reactor import reactor
from threadpool.worker.process.runtime import ProcessRuntime

# Those that fail by themselves, at times before anybody listens.
early = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def told(target, **options):
    """A worker, and all events of it."""
    events = []
    worker = Worker(target, runtime="process", **options)
    for name in ("online", "message", "error", "exit"):
        worker.on(name, lambda *arguments, name=name: events.append((name, *arguments)))
    return worker, events


def ended(target, **options):
    worker, events = told(target, **options)
    done = threading.Event()
    worker.on("exit", lambda code: done.set())
    worker.post_message("all listen")
    assert done.wait(60)
    assert worker.exit_code == worker.join(30)
    assert events[-1] == ("exit", worker.exit_code)
    return worker, events


@pytest.mark.parametrize(("code", "exit_code"), [("", 0), ("sys.exit()", 0), ("sys.exit(300)", 300)])
def test_exit_codes(code, exit_code):
    source = f"""
import sys
from threadpool.worker import parent_port
for i in range(200): parent_port.post_message(i)
{code}
"""
    _, events = ended(source, eval=True)
    messages = [("message", i) for i in range(200)]
    assert events == [("online",), *messages, ("exit", exit_code)]


def test_a_failure_is_told_with_its_traceback():
    worker, events = ended(fail, data=Fault)
    assert [name for name, *_ in events] == ["online", "error", "exit"]
    error = events[1][1]
    assert (type(error), error.args, error.number, worker.exit_code) == (Fault, ("why",), 7, 1)
    assert "in fail_with\n" in str(error.__cause__)
    with pytest.raises(Fault) as caught:
        worker.recv(30)
    assert caught.value is error


@pytest.mark.parametrize("kind", [Local, Unreadable])
def test_a_failure_that_cannot_be_sent_is_named(kind):
    worker, events = ended(fail, data=kind)
    error = events[1][1]
    assert type(error) is RuntimeError
    assert f"process_programs.{kind.__name__}" in str(error)
    assert worker.exit_code == 1


@early
def test_a_file_that_is_not_there_or_wrong(tmp_path):
    worker, events = ended(tmp_path / "missing.py")
    assert isinstance(events[1][1], FileNotFoundError)
    (tmp_path / "wrong.py").write_text("a = 1\nb = = 2")
    worker, events = ended(tmp_path / "wrong.py")
    error = events[1][1]
    assert isinstance(error, SyntaxError)
    assert (error.filename, error.lineno, worker.exit_code) == (str(tmp_path / "wrong.py"), 2, 1)


@pytest.mark.parametrize(
    ("code", "exit_code", "text"),
    [
        ("os._exit(7)", 7, "has ended with exit code 7"),
        ("os._exit(0)", 0, "has ended with exit code 0"),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, "was ended by SIGKILL"),
    ],
)
def test_a_crash_is_an_error_of_its_own(code, exit_code, text):
    source = f"""
import os, signal
from threadpool.worker import parent_port
for i in range(200): parent_port.post_message(i)
parent_port.post_message("read"); assert parent_port.recv() == "and answered"
{code}
"""
    worker = Worker(source, eval=True, runtime="process", name="crasher")
    worker.on("error", lambda error: None)
    worker.post_message("and answered")
    assert worker.join(60) == exit_code
    with pytest.raises(WorkerCrashed, match="crasher.*" + text) as caught:
        while True:
            worker.recv(30)
    assert caught.value.exit_code == exit_code
    assert caught.value.signal == (signal.SIGKILL if exit_code < 0 else None)


def test_messages_of_a_process_that_crashes_are_not_lost():
    source = """
import os
from threadpool.worker import parent_port
parent_port.recv()
for i in range(100): parent_port.post_message(i)
os.abort()
"""
    worker = Worker(source, eval=True, runtime="process", stderr=True)
    worker.on("error", lambda error: None)  # that nobody tells of it if this is slow to get it
    worker.post_message("go on")
    with worker.stderr:
        assert [worker.recv(30) for _ in range(100)] == list(range(100))
        with pytest.raises(WorkerCrashed, match="SIGABRT"):
            worker.recv(30)


TERMINATED = {
    "waits for a message": "ready()\nparent_port.recv()",
    "serves": "ready()\nparent_port.on('message', print)",
    "has a loop": """
import asyncio
async def main():
    ready()
    async for message in parent_port: pass
asyncio.run(main())
""",
    "is asked": """
from threadpool import cancelled
ready()
while not cancelled(): pass
""",
    "calculates": "ready()\nwhile True: pass",
    "waits in the system": "import time\nready()\ntime.sleep(1000)",
    "unwinds": """
def calculate():  # a function, as the end of a loop in a try is not part of that for the interpreter
    while True: pass
try:
    ready()
    calculate()
finally:
    parent_port.post_message("unwound")
""",
}


@pytest.mark.thread_unsafe(reason="replaces what a worker is given to unwind")
@pytest.mark.parametrize("state", TERMINATED)
def test_terminate(state, monkeypatch):
    if state == "unwinds":
        monkeypatch.setattr("threadpool.worker.worker.UNWIND_SECONDS", 60)  # or it may be killed before it has
    source = (
        "from threadpool.worker import parent_port\ndef ready(): parent_port.post_message('ready')\n"
        + TERMINATED[state]
    )
    worker, events = told(source, eval=True)
    until(lambda: ("message", "ready") in events)
    assert worker.terminate().result(30) == 1
    until(lambda: events and events[-1] == ("exit", 1))
    unwound = [("message", "unwound")] if state == "unwinds" else []
    assert events == [("online",), ("message", "ready"), *unwound, ("exit", 1)]


@pytest.mark.parametrize("is_stopped", [False, True])
def test_terminate_is_hard(is_stopped):
    source = """
import os, signal
from threadpool.worker import parent_port
parent_port.post_message("ready")
"""
    with Worker(source + STUBBORN, eval=True, runtime="process") as worker:
        assert worker.recv(30) == "ready"
        if is_stopped:
            os.kill(worker.pid, signal.SIGSTOP)
        assert worker.terminate().result(30) == 1
        with pytest.raises(EOFError):
            worker.recv(30)


def test_terminate_at_once():
    worker, events = told(echo)
    assert worker.terminate().result(30) == 1
    until(lambda: events and events[-1] == ("exit", 1))
    assert "error" not in [name for name, *_ in events]


@pytest.mark.thread_unsafe(reason="replaces threading.excepthook")
def test_garbage_is_the_end_of_a_connection(monkeypatch):
    told, lost = [], threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda failure: told.append(failure.exc_type))
    reactor.start()
    ours, theirs = socket.socketpair()
    with theirs:
        link = Link(ours, FIRST_OF_PARENT, {}, {"lost": lost.set})
        link.start()
        theirs.sendall(b"\x04\0\0\0" + b"abcd" * 1000)
        assert lost.wait(30)
    assert told == [EOFError]
    assert not link.send("into nothing")


def test_a_failure_is_the_same_for_all_who_ask():
    """Two threads unpickle it at the same time."""
    packed, seen = PackedError.of(Fault("why", 7)), []
    together = threading.Barrier(2)

    class Together:
        def unpack(self):
            together.wait(30)
            return Fault("why", 7)

    packed.pickled = Together()
    threads = [threading.Thread(target=lambda: seen.append(packed.unpack())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen[0] is seen[1] is packed.unpack()


@pytest.mark.thread_unsafe(reason="replaces methods")
def test_one_that_is_about_to_start_when_its_maker_is_terminated(monkeypatch):
    starting, insisted, times = threading.Event(), threading.Event(), []
    start, insist = ProcessRuntime._open_process, ProcessRuntime.insist

    def start_late(runtime, number):
        starting.set()
        assert insisted.wait(30)
        return start(runtime, number)

    def watch(runtime):
        insist(runtime)
        times.append(len(times))
        if len(times) == 2:  # the second would kill it
            insisted.set()

    monkeypatch.setattr(ProcessRuntime, "_open_process", start_late)
    monkeypatch.setattr(ProcessRuntime, "insist", watch)
    children = []

    def script():
        children.append(Worker(echo, runtime="process"))

    worker = Worker(script)
    assert starting.wait(30)
    assert worker.terminate().result(30) == 1
    until(lambda: all(child.exit_code == 1 for child in children))


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)
