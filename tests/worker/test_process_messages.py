"""Messages to a process and back: pickled when they are posted, unpickled when they are taken."""

import pickle
import signal
import threading
from urllib.parse import urlsplit

import numpy
import pytest
from process_programs import OnlyHere, echo

from threadpool import Atomics, SharedBuffer
from threadpool.worker import Worker


@pytest.fixture(scope="module")
def echoing():
    with Worker(echo, runtime="process") as worker:
        yield worker
        worker.post_message(None)
        assert worker.join(30) == 0


pytestmark = pytest.mark.thread_unsafe(reason="the tests talk to one worker")


def test_in_order_and_of_any_size(echoing):
    values = [*range(2000), b"", b"x" * 5_000_000, "é" * 100_000, {"a": (1, None)}, [*range(50_000)], *range(2000)]
    for value in values:
        echoing.post_message(value)
    assert [echoing.recv(30) for _ in values] == values


def test_values_keep_their_types(echoing):
    """Also those that are sent without a pickle, and what only looks like them."""
    values = [True, 0, -(2**100), 1.5, 1j, "a\0\ud800", "é" * 40_000, b"\0", (), (None,), (b"x",) * 100]
    values += [(1, (2, (3, (4, (5,))))), signal.SIGINT, ((signal.SIGINT,),), urlsplit("http://a/b"), bytearray(b"x")]
    for value in values:
        echoing.post_message(value)
    for value in values:
        assert repr(echoing.recv(30)) == repr(value)


def test_what_is_posted_is_posted(echoing):
    value = ([1],)
    echoing.post_message(value)
    value[0].append(2)
    assert echoing.recv(30) == ([1],)


def test_arrays(echoing):
    arrays = [numpy.arange(n, dtype="int32") for n in (0, 1, 10_000, 3_000_000)]
    arrays += [numpy.asfortranarray(numpy.ones((300, 300))), numpy.arange(100_000)[::2]]
    echoing.post_message([arrays, arrays[3]])
    arrays[2][:] = -1  # what is posted is posted
    others, same = echoing.recv(30)
    assert same is others[3]
    assert (others[2] == numpy.arange(10_000)).all()
    for mine, other in zip(arrays[3:], others[3:], strict=True):
        assert (mine == other).all()
        assert other.flags.writeable


def test_many_buffers_in_one_message(echoing):
    arrays = [numpy.full(40_000, n % 256, dtype="uint8") for n in range(1500)]
    echoing.post_message(arrays)
    assert [each[-1] for each in echoing.recv(30)] == [n % 256 for n in range(1500)]


def test_posting_never_waits(echoing):
    """All of it is posted before any is taken; more than the system keeps."""
    block = bytes(1_000_000)
    for _ in range(100):
        echoing.post_message(block)
    for _ in range(100):
        assert echoing.recv(30) == block


def test_what_cannot_be_pickled_is_refused_where_it_is_posted(echoing):
    with pytest.raises(TypeError, match=r"message cannot be pickled.*lambda"):
        echoing.post_message([1, lambda: 0])
    with pytest.raises(TypeError, match=r"cannot be pickled.*lock"):
        echoing.post_message({"a": threading.Lock()})
    with pytest.raises(ZeroDivisionError):
        echoing.post_message(Failing())
    echoing.post_message("still")
    assert echoing.recv(30) == "still"


class Failing:
    def __reduce__(self):
        raise ZeroDivisionError


def test_what_cannot_be_pickled_is_refused_in_the_constructor():
    with pytest.raises(TypeError, match="target cannot be pickled"):
        Worker(lambda: 0, runtime="process")
    with pytest.raises(TypeError, match="data cannot be pickled"):
        Worker(echo, data=threading.Lock(), runtime="process")


def test_messageerror():
    source = """
from threadpool.worker import parent_port
parent_port.on("message", parent_port.post_message)
parent_port.on("messageerror", lambda error: parent_port.post_message(str(error)))
parent_port.on("message", lambda message: message == "end" and parent_port.close())
"""
    with Worker(source, eval=True, runtime="process") as worker:
        worker.post_message(OnlyHere())
        worker.post_message(1)
        assert worker.recv(30) == "not there"
        assert worker.recv(30) == 1
        worker.post_message("end")
        assert worker.recv(30) == "end"
        assert worker.join(30) == 0


def test_messageerror_here():
    heard = []
    done = threading.Event()
    source = """
from process_programs import OnlyHere
from threadpool.worker import parent_port
parent_port.post_message(OnlyHere())
parent_port.post_message(2)
"""
    with Worker(source, eval=True, runtime="process") as worker:
        worker.on("messageerror", lambda error: heard.append(str(error)))
        worker.on("message", heard.append)
        worker.on("exit", lambda code: done.set())
        assert done.wait(30)
    assert heard == ["not there", 2]


def test_recv_raises_what_unpickling_raises():
    source = """
from process_programs import OnlyHere
from threadpool.worker import parent_port
parent_port.post_message(OnlyHere())
parent_port.post_message(parent_port.recv())
"""
    with Worker(source, eval=True, runtime="process") as worker:
        with pytest.raises(ValueError, match="not there"):
            worker.recv(30)
        worker.post_message(OnlyHere())
        with pytest.raises(ValueError, match="not there") as caught:
            worker.recv(30)
        assert "process_programs" in str(caught.value.__cause__)


def test_shared_memory():
    with Worker(echo, runtime="process") as worker:
        buffer = SharedBuffer(64, process=True)
        counts = buffer.view("int64")
        worker.post_message([buffer, buffer, counts])
        first, second, copy = worker.recv(30)
        assert first is second
        Atomics.add(first.view("int64"), 0, 5)
        assert (counts[0], copy[0]) == (5, 0)
        with pytest.raises(TypeError, match="process=True"):
            worker.post_message(SharedBuffer(64))
        # Nobody keeps it until it has arrived.
        worker.post_message(SharedBuffer(8, process=True))
        assert worker.recv(30).nbytes == 8
        many = [SharedBuffer(8, process=True) for _ in range(300)]
        worker.post_message(many)
        assert len(worker.recv(30)) == 300
        worker.post_message(None)
        assert worker.join(30) == 0


def test_transfer_of_memory():
    with Worker(echo, runtime="process") as worker:
        buffer = SharedBuffer(8, max_nbytes=64, process=True)
        with memoryview(buffer) as view:
            view[0] = 7
            with pytest.raises(BufferError, match="1 view"):
                worker.post_message(buffer, transfer=[buffer])
        worker.post_message({"b": buffer}, transfer=[buffer])
        with pytest.raises(ValueError, match="was transferred"):
            buffer.nbytes  # noqa: B018
        back = worker.recv(30)["b"]
        assert (bytes(back)[0], back.max_nbytes) == (7, 64)

        private = SharedBuffer(8)
        with pytest.raises(TypeError, match="process=True"):
            worker.post_message(private, transfer=[private])
        assert private.nbytes == 8

        worker.post_message(None)
        assert worker.join(30) == 0


def test_data_is_given_with_its_memory():
    buffer = SharedBuffer(8, process=True)
    source = "from threadpool.worker import parent_port, worker_data; parent_port.post_message(worker_data[0].nbytes)"
    with Worker(source, eval=True, runtime="process", data=[buffer], transfer=[buffer]) as worker:
        assert worker.recv(30) == 8
    assert repr(buffer) == "SharedBuffer(transferred)"


def test_more_than_there_is_memory_for():
    source = """
from threadpool.worker import parent_port
parent_port.on("message", lambda message: parent_port.post_message(len(message)))
parent_port.on("messageerror", lambda error: parent_port.post_message(str(error)))
"""
    with Worker(source, eval=True, runtime="process", resource_limits={"memory": 200 << 20}) as worker:
        worker.post_message(numpy.ones(220 << 17))  # as many bytes as << 20
        assert "memory" in worker.recv(100)
        worker.post_message(bytes(1000))
        assert worker.recv(30) == 1000


def test_pickles_by_themselves():
    """Messages do not change how things are pickled elsewhere."""
    with pytest.raises(TypeError, match="process=True"):
        pickle.dumps(SharedBuffer(8))
