"""Workers: what they run, what they are told, how they end."""

import gc
import linecache
import os
import sys
import threading
import time
import traceback
import weakref

import pytest

from threadpool.worker import (
    MessageChannel,
    Worker,
    current,
    get_environment_data,
    is_main_thread,
    set_environment_data,
    thread_id,
)
from threadpool.worker.messages._home import WorkerHome
from threadpool.worker.messages.homes import daemon
from threadpool.worker.program import MOST_SHOWN, Program

from .conftest import TIMEOUT, Log, new_ports

ECHO = """
from threadpool.worker import parent_port
for message in iter(parent_port.recv, None):
    parent_port.post_message(message)
"""


def test_messages_by_reference_then_exit():
    thing = object()

    def script():
        from threadpool.worker import parent_port, worker_data

        parent_port.post_message(worker_data)
        assert parent_port.recv(TIMEOUT) is thing

    worker = Worker(script, data=thing)
    assert worker.recv(TIMEOUT) is thing
    worker.post_message(thing)
    assert worker.join(TIMEOUT) == 0


def test_order_of_events():
    log = Log()

    def script():
        from threadpool.worker import parent_port

        parent_port.recv(TIMEOUT)
        for i in range(500):
            parent_port.post_message(i)
        raise KeyError("the end")

    worker = Worker(script)
    for event in ("online", "message", "messageerror", "error", "exit"):
        log.listen(worker, event)
    worker.post_message("all listen")
    log.wait_for(("exit", 1))
    assert log.entries[0] == "online"
    assert log.entries[1:501] == [("message", i) for i in range(500)]
    (name, error), last = log.entries[501:]
    assert (name, repr(error), last) == ("error", "KeyError('the end')", ("exit", 1))


def test_events_are_told_to_who_comes_late():
    log = Log()
    worker = Worker("pass", eval=True)
    worker.join(TIMEOUT)
    worker.on("message", log)
    log.listen(worker, "online")
    log.wait_for("online")
    log.listen(worker, "exit")
    assert log.wait_for(("exit", 0)) == ["online", ("exit", 0)]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("", 0),
        ("import sys; sys.exit()", 0),
        ("import sys; sys.exit(0)", 0),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit(True)", 1),
        ("raise SystemExit", 0),
    ],
)
def test_exit_codes(source, code):
    log = Log()
    worker = Worker(source, eval=True)
    log.listen(worker, "error", "exit")
    assert worker.join(TIMEOUT) == worker.exit_code == code
    assert log.wait_for(("exit", code)) == [("exit", code)]
    with pytest.raises(EOFError, match="has ended"):
        worker.recv()


@pytest.mark.thread_unsafe(reason="captures standard error")
def test_exit_with_a_text_writes_it(capsys):
    assert Worker("import sys; sys.exit('the reason')", eval=True).join(TIMEOUT) == 1
    assert capsys.readouterr().err == "the reason\n"


# Those that end before anybody can listen.
early = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def test_who_hears_of_the_end_finds_the_exit_code():
    """Though those who wait for it are told afterwards."""
    log, gate = Log(), threading.Event()

    def script():
        assert gate.wait(TIMEOUT)
        sys.exit(3)

    worker = Worker(script)
    tell = worker._end.set_result
    worker._end.set_result = lambda code: (log.wait_for(("heard", 3)), tell(code))
    worker.on("exit", lambda code: log("heard", worker.exit_code))
    gate.set()
    assert worker.join(TIMEOUT) == 3


@early
def test_exit_with_what_cannot_be_written():
    log = Log()

    class Silent:
        def __str__(self):
            raise KeyError("no text")

    def script():
        sys.exit(Silent())

    worker = Worker(script)
    log.listen(worker, "error", "exit")
    (_, error), last = log.wait_for(("exit", 1))
    assert (type(error), last) == (KeyError, ("exit", 1))


@early
def test_an_exception_arrives_with_its_traceback():
    log = Log()

    def script():
        raise ZeroDivisionError("in the script")

    worker = Worker(script)
    log.listen(worker, "error", "exit")
    (_, error), _ = log.wait_for(("exit", 1))
    frames = []
    traceback = error.__traceback__
    while traceback:
        frames.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    assert frames[-1] == "script"
    depths = []
    for _ in range(3):
        with pytest.raises(ZeroDivisionError, match="in the script") as caught:
            worker.recv()
        depths.append(len(caught.traceback))
    assert depths[1] == depths[2]


@early
def test_an_exception_that_cannot_be_written_arrives():
    log = Log()

    class Awkward(Exception):
        def __str__(self):
            raise RuntimeError("no text")

        __repr__ = __str__

    def script():
        raise Awkward

    worker = Worker(script)
    log.listen(worker, "error")
    log.listen(worker, "exit")
    log.wait(lambda entries: len(entries) == 2)
    assert type(log.entries[0][1]) is Awkward
    assert log.entries[1] == ("exit", 1)


@pytest.mark.thread_unsafe(reason="replaces threading.excepthook")
@pytest.mark.parametrize("is_broken", [False, True])
def test_an_error_that_nobody_hears_is_told(monkeypatch, is_broken):
    log = Log()

    def hook(told):
        if told.thread.name == "worker of the test" and told.exc_type is KeyError:
            log(told.exc_type)
            if is_broken:
                raise OSError("of the hook")

    monkeypatch.setattr(threading, "excepthook", hook)
    worker = Worker("raise KeyError", eval=True, name="worker of the test")
    assert worker.join(TIMEOUT) == 1
    log.wait(lambda entries: entries == [KeyError])


def test_the_set_that_threads_are_taken_out_of_is_there():
    """By a name that is not public; see `daemon` of `homes.py`."""
    assert threading.current_thread() in threading._dangling
    assert daemon("of the test", print) not in threading._dangling


def test_a_file_is_a_main_program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(
        "from threadpool.worker import Worker, is_main_thread, parent_port, thread_id, worker_data\n"
        "if is_main_thread:\n"
        "    worker = Worker(__file__)\n"
        "else:\n"
        "    parent_port.post_message((__name__, __file__, thread_id, worker_data))\n"
    )
    for target in (path, str(path)):
        worker = Worker(target, data=5)
        assert worker.recv(TIMEOUT) == ("__main__", str(path), worker.thread_id, 5)
        assert worker.join(TIMEOUT) == 0


@pytest.mark.thread_unsafe(reason="changes the current folder")
def test_a_path_is_seen_from_where_the_worker_is_made(tmp_path, monkeypatch):
    (tmp_path / "here.py").write_text("from threadpool.worker import parent_port; parent_port.post_message(__file__)")
    monkeypatch.chdir(tmp_path)
    assert Worker("here.py").recv(TIMEOUT) == os.path.join(os.getcwd(), "here.py")


@early
@pytest.mark.parametrize(
    ("text", "kind"), [(None, FileNotFoundError), ("x = 1\ny = (\n", SyntaxError), ("x = 1\n1/0", ZeroDivisionError)]
)
def test_files_that_fail_say_where(tmp_path, text, kind):
    log = Log()
    path = tmp_path / "bad.py"
    if text:
        path.write_text(text)
    worker = Worker(path)
    log.listen(worker, "error", "exit")
    (_, error), last = log.wait_for(("exit", 1))
    assert (type(error), last) == (kind, ("exit", 1))
    assert str(path) == (error.filename if kind is not ZeroDivisionError else str(path))
    if kind is SyntaxError:
        assert error.lineno == 2


def test_coroutine_functions():
    async def script():
        from threadpool.worker import parent_port

        async for message in parent_port:
            if message is None:
                return
            parent_port.post_message(message + 1)

    worker = Worker(script)
    for i in range(10):
        worker.post_message(i)
    assert [worker.recv(TIMEOUT) for _ in range(10)] == list(range(1, 11))
    worker.post_message(None)
    assert worker.join(TIMEOUT) == 0


def test_who_it_is():
    def script():
        from threadpool.worker import is_main_thread, parent_port, thread_id

        me = current()
        parent_port.post_message((is_main_thread, thread_id, me.thread_id, me.name, me.is_main_thread))
        parent_port.post_message(threading.current_thread().name)
        inner = Worker(script) if worker_depth.pop() else None
        if inner:
            parent_port.post_message(inner.recv(TIMEOUT))
            parent_port.post_message(inner.recv(TIMEOUT))
            inner.join(TIMEOUT)

    worker_depth = [0, 1]
    worker = Worker(script, name="outer")
    outer = worker.recv(TIMEOUT)
    assert outer == (False, worker.thread_id, worker.thread_id, "outer", False)
    assert worker.recv(TIMEOUT) == worker.name == "outer"
    inner = worker.recv(TIMEOUT)
    assert inner[1] not in (0, worker.thread_id)
    assert inner[3] == worker.recv(TIMEOUT) == f"worker-{inner[1]}"
    worker.join(TIMEOUT)


def test_the_main_thread():
    assert is_main_thread
    assert thread_id == 0
    assert repr(current()) == "<WorkerContext 0 'main'>"


def test_states_and_names():
    worker = Worker(ECHO, eval=True, name="echo")
    assert repr(worker) == f"<Worker {worker.thread_id} 'echo' running>"
    assert worker.exit_code is None
    assert worker.join(0) is None
    worker.post_message("x")
    assert worker.recv(TIMEOUT) == "x"
    assert 0 <= worker.utilization() <= 1
    worker.post_message(None)
    assert worker.join(TIMEOUT) == 0
    assert repr(worker) == f"<Worker {worker.thread_id} 'echo' ended with 0>"
    worker.post_message("nobody")
    assert worker.terminate().result() == 0


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((5,), {}, TypeError, "target must be the path of a file or a callable, not 'int'"),
        ((print,), {"eval": True}, TypeError, "target must be a str with eval=True"),
        (("x",), {"runtime": "fibre"}, ValueError, "runtime must be .*'fibre'"),
        ((print,), {"transfer": [1]}, TypeError, r"transfer\[0\] must be a MessagePort or a SharedBuffer, not 'int'"),
        ((print,), {"transfer": 1}, TypeError, "transfer must be a list"),
        ((print,), {"name": 3}, TypeError, "name must be a str, not 'int'"),
    ],
)
def test_bad_input(arguments, options, error, message):
    with pytest.raises(error, match=message):
        Worker(*arguments, **options)


@pytest.mark.thread_unsafe(reason="environment data of the main thread")
def test_environment_data():
    set_environment_data("key", [1])
    try:

        def script():
            from threadpool.worker import parent_port

            parent_port.post_message(get_environment_data("key"))
            set_environment_data("key", "mine")
            parent_port.recv(TIMEOUT)
            parent_port.post_message(get_environment_data("key"))

        worker = Worker(script)
        assert worker.recv(TIMEOUT) is get_environment_data("key")
        set_environment_data("key", "changed")
        worker.post_message("go on")
        assert worker.recv(TIMEOUT) == "mine"
        assert worker.join(TIMEOUT) == 0
        assert get_environment_data("key") == "changed"
    finally:
        set_environment_data("key", None)
    assert get_environment_data("key") is None


def test_a_worker_ends_the_ports_it_listens_at():
    log = Log()
    channel = MessageChannel()

    def script():
        from threadpool.worker import worker_data

        worker_data.on("message", print)
        sys.exit(7)

    log.listen(channel.port1, "close")
    worker = Worker(script, data=channel.port2, transfer=[channel.port2])
    assert worker.join(TIMEOUT) == 7
    log.wait_for("close")


def test_a_parent_port_that_was_given_away_stays_open():
    channel = MessageChannel()

    def script():
        from threadpool.worker import parent_port, worker_data

        worker_data.post_message(parent_port, [parent_port])

    worker = Worker(script, data=channel.port1)
    assert worker.join(TIMEOUT) == 0
    while worker.name in [thread.name for thread in threading.enumerate()]:
        time.sleep(0)  # an exception of its thread would be told by then
    port = channel.port2.recv(TIMEOUT)
    worker.post_message("still here")
    assert port.recv(TIMEOUT) == "still here"


def test_the_end_of_a_workers_thread_closes_what_it_still_has():
    """Though some of what it has listened at is given away at this moment."""
    home, carrier = WorkerHome(), MessageChannel()
    channels = [MessageChannel() for _ in range(10)]
    for channel in channels:
        home.keep(channel.port1)
    carrier.port1.post_message(channels[4].port1, [channels[4].port1])
    home.end()
    closed = [channel.port2._open().is_ended for channel in channels]
    assert closed == [number != 4 for number in range(10)]


@pytest.mark.parametrize("how", ["worker_data", "message"])
def test_ports_that_were_transferred_to_a_worker_end_with_it(how):
    one, two = new_ports()
    other, given = new_ports()
    with Worker(lambda: current().parent_port.recv(), data=two, transfer=[two]) as worker:
        worker.post_message(given, [given])
    end = one if how == "worker_data" else other
    with pytest.raises(EOFError):
        end.recv(TIMEOUT)


def test_a_worker_owns_the_ports_that_it_has_kept():
    """And not those that it has dropped or given away, of which there are many."""

    def script():
        parent_port = current().parent_port
        for port in iter(parent_port.recv, None):
            parent_port.post_message(port, [port])

    with Worker(script) as worker:
        port, other = new_ports()
        for _ in range(200):
            worker.post_message(port, [port])
            port = worker.recv(TIMEOUT)
        assert len(worker._context._ports) <= 34
        assert list(worker._context.owned()) == []
    other.post_message("still open")
    assert port.recv(TIMEOUT) == "still open"


def test_join_waits_until_all_is_told():
    def script():
        for i in range(1000):
            current().parent_port.post_message(i)

    entries = []
    worker = Worker(script)
    worker.on("message", entries.append)
    worker.on("exit", lambda code: entries.append("exit"))
    assert worker.join(TIMEOUT) == 0
    assert entries == [*range(1000), "exit"]


def test_join_does_not_wait_for_a_listener_that_is_gone():
    gate = threading.Event()
    worker = Worker(int)
    worker.on("exit", lambda code: gate.wait(TIMEOUT))
    assert worker.terminate().result(TIMEOUT) is not None
    assert worker.join(0.001) is None
    gate.set()
    assert worker.join(TIMEOUT) is not None
    worker.once("message", print)
    assert worker.join(TIMEOUT) is not None


def test_the_end_of_the_program_tells_what_is_left(prints):
    source = """
        threadpool.worker.worker.EXIT_SECONDS = 60  # which it has for that

        def script():
            for i in range(1000):
                threadpool.worker.current().parent_port.post_message(i)

        worker = Worker(script)
        worker.on("message", lambda i: print(i))
        worker._over.get()
    """
    assert prints(source).split() == [*map(str, range(1000))]


@pytest.mark.thread_unsafe(reason="collects garbage")
def test_ended_workers_are_freed():
    worker = Worker("pass", eval=True)
    worker.join(TIMEOUT)
    reference = weakref.ref(worker)
    del worker
    while reference() is not None:  # its thread may still be leaving
        gc.collect()


def test_many_at_once(soak):
    workers = [Worker(ECHO, eval=True, data=i) for i in range(soak(50, 1000))]
    for i, worker in enumerate(workers):
        worker.post_message(i)
    for i, worker in enumerate(workers):
        assert worker.recv(TIMEOUT) == i
        worker.post_message(None)
    assert {worker.join(TIMEOUT) for worker in workers} == {0}


@pytest.mark.thread_unsafe(reason="counts what all have left")
def test_source_texts_are_not_kept_for_ever():
    for number in range(MOST_SHOWN + 20):
        Program(f"mark = {number}", True).run()
    names = [name for name in list(linecache.cache) if name.startswith("<worker source")]
    assert len(names) == MOST_SHOWN
    Program("mark = 10**6", True).run()
    assert len([name for name in list(linecache.cache) if name.startswith("<worker source")]) == MOST_SHOWN


def test_source_text_is_shown_after_its_workers_have_ended():
    source = "from threadpool.worker import parent_port\ndef divide(): 1 / parent_port.recv()  # by what came\ndivide()"
    workers = [Worker(source, eval=True) for _ in range(2)]
    workers[0].post_message(1)
    assert workers[0].join(TIMEOUT) == 0
    gc.collect()
    workers[1].on("error", lambda error: None)  # that nobody tells of it if this is slow to get it
    workers[1].post_message(0)
    with pytest.raises(ZeroDivisionError) as info:
        workers[1].recv(TIMEOUT)
    assert workers[1].join(TIMEOUT) == 1
    del workers
    gc.collect()
    assert "1 / parent_port.recv()  # by what came" in "".join(traceback.format_exception(info.value))
