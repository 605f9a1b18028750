"""What the code in a process finds there: the same as in a thread."""

import threading
import time

import pytest

from threadpool.worker import Worker, get_environment_data, set_environment_data


def run(source, **options):
    """The one message of a worker, which ends well."""
    with Worker(source, eval=True, runtime="process", **options) as worker:
        message = worker.recv(30)
        assert worker.join(30) == 0
    return message


def test_who_it_is():
    source = """
import threading
from threadpool.worker import Worker, current, is_main_thread, parent_port, thread_id, worker_data
def look():
    here = current()
    return here.thread_id, here.name, here.is_main_thread, here.worker_data, here.parent_port is parent_port
seen = []
thread = threading.Thread(target=lambda: seen.append(look()))
thread.start(); thread.join()
inner = Worker("from threadpool.worker import parent_port, thread_id; parent_port.post_message(thread_id)", eval=True)
parent_port.post_message((thread_id, is_main_thread, look() == seen[0], look()[1:], inner.recv(30) > thread_id,
                          threading.current_thread() is threading.main_thread()))
"""
    number, *rest = run(source, name="it", data=[1])
    assert number > 0
    assert rest == [False, True, ("it", False, [1], True), True, True]


def test_environment_data_is_a_copy():
    key = f"key {threading.get_ident()}"
    set_environment_data(key, [1])
    source = """
from threadpool.worker import *
key = worker_data
get_environment_data(key).append(2)
nested = "from threadpool.worker import *; parent_port.post_message(get_environment_data(worker_data))"
set_environment_data("other", 3)
with Worker(nested, eval=True, runtime="process", data=key) as worker:
    parent_port.post_message((get_environment_data(key), worker.recv(30)))
"""
    assert run(source, data=key) == ([1, 2], [1, 2])
    assert (get_environment_data(key), get_environment_data("other")) == ([1], None)
    set_environment_data(key, None)


def test_listeners_run_on_the_main_thread_and_keep_it_alive():
    source = """
import threading
from threadpool.worker import parent_port
has_ended = False
def hear(message):
    if message == "end":
        parent_port.off("message", hear)
    parent_port.post_message((message, has_ended, threading.current_thread() is threading.main_thread()))
parent_port.on("message", hear)
has_ended = True
"""
    with Worker(source, eval=True, runtime="process") as worker:
        worker.post_message(1)
        worker.post_message("end")
        assert [worker.recv(30), worker.recv(30)] == [(1, True, True), ("end", True, True)]
        assert worker.join(30) == 0


def test_unref():
    source = "from threadpool.worker import parent_port; parent_port.on('message', print); parent_port.unref()"
    assert Worker(source, eval=True, runtime="process").join(30) == 0


def test_signals_are_handled_while_it_waits():
    source = """
import os, signal
from threadpool.worker import parent_port
signal.signal(signal.SIGUSR1, lambda *_: parent_port.post_message("signal"))
os.kill(os.getpid(), signal.SIGUSR1)
assert parent_port.recv(30) == "end"
signal.signal(signal.SIGALRM, lambda *_: parent_port.post_message("alarm"))
signal.setitimer(signal.ITIMER_REAL, 0.05)
parent_port.recv(30)
"""
    with Worker(source, eval=True, runtime="process") as worker:
        assert worker.recv(30) == "signal"
        worker.post_message("end")
        assert worker.recv(30) == "alarm"
        worker.post_message(None)
        assert worker.join(30) == 0


def test_utilization():
    source = """
from threadpool.worker import parent_port
parent_port.post_message("ready")
parent_port.recv()
parent_port.post_message("busy")
while not parent_port.receive_message(): pass
parent_port.post_message("idle")
parent_port.recv()
"""
    with Worker(source, eval=True, runtime="process") as worker:
        assert 0.0 <= worker.utilization() <= 1.0
        assert worker.recv(30) == "ready"
        before = until(worker, lambda value: value < 0.9)
        worker.post_message(1)
        assert worker.recv(30) == "busy"
        until(worker, lambda value: value > before)
        worker.post_message(2)
        assert worker.recv(30) == "idle"
        worker.post_message(3)
        assert worker.join(30) == 0
        assert 0.0 < worker.utilization() < 1.0


def until(worker, is_right):
    end = time.monotonic() + 60
    while not is_right(value := worker.utilization()):
        assert time.monotonic() < end
    return value


class Unfindable:
    """Asks for what is not there when it is unpickled."""

    def __reduce__(self):
        return getattr, ("", "no_such_name")


def test_data_that_cannot_be_unpickled_is_not_a_failed_import():
    source = "from threadpool.worker import parent_port\nparent_port.recv()\nfrom threadpool.worker import worker_data"
    worker = Worker(source, eval=True, runtime="process", data=Unfindable())
    worker.on("error", lambda error: None)  # that nobody tells of it if this is slow to get it
    worker.post_message("go on")
    with pytest.raises(RuntimeError, match=r"worker_data cannot be unpickled: .*no_such_name"):
        worker.recv(30)
