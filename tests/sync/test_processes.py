"""A SharedBuffer that processes share."""

import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy
import pytest

from threadpool import Atomics, SharedBuffer

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="not on Windows yet"),
    pytest.mark.thread_unsafe(reason="looks at numbers of files, which other threads use again"),
]

METHODS = [method for method in ("spawn", "forkserver") if method in multiprocessing.get_all_start_methods()]
TIMES = 2_000


def count(buffer, times):
    cells = buffer.view("int64")
    for _ in range(times):
        Atomics.add(cells, 1, 1)
    return os.getpid()


@pytest.mark.parametrize("method", METHODS)
def test_processes_that_are_given_it(method):
    context = multiprocessing.get_context(method)
    buffer = SharedBuffer(64, process=True)
    processes = [context.Process(target=count, args=(buffer, TIMES)) for _ in range(3)]
    for process in processes:
        process.start()
    count(buffer, TIMES)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert buffer.view("int64").tolist() == [0, 4 * TIMES, 0, 0, 0, 0, 0, 0]


def test_a_pool_of_processes():
    buffer = SharedBuffer(64, process=True)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pids = pool.starmap(count, [(buffer, TIMES)] * 4, chunksize=1)
    assert os.getpid() not in pids
    assert buffer.view("int64")[1] == 4 * TIMES


def run_python(program, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_inherits_it():
    ended = run_python(
        """
        import os, pickle
        from threadpool import Atomics, SharedBuffer
        buffer = SharedBuffer(64, process=True)
        cells = buffer.view("int64")
        read, write = os.pipe()
        end, ends = os.pipe()
        if os.fork() == 0:
            for _ in range(5000): Atomics.add(cells, 0, 1)
            os.write(write, pickle.dumps(buffer))  # by a handle of its own
            os.read(end, 1)
            os._exit(0)
        for _ in range(5000): Atomics.add(cells, 0, 1)
        again = pickle.loads(os.read(read, 9999)).view("int64")
        while Atomics.load(again, 0) < 10000: pass
        os.write(ends, b"1")
        print(cells[0])
        """
    )
    assert (ended.stdout, ended.stderr) == ("10000\n", "")


def test_in_the_same_process_it_is_another_view():
    buffer = SharedBuffer(64, process=True)
    again = pickle.loads(pickle.dumps(buffer))
    Atomics.add(buffer.view("int32"), 3, 7)
    assert Atomics.load(again.view("int32"), 3) == 7
    third = pickle.loads(pickle.dumps(again))
    del buffer, again
    assert third.view("int32")[3] == 7
    assert repr(third) == "SharedBuffer(64, process=True)"


def test_it_grows_for_all():
    buffer = SharedBuffer(8, max_nbytes=1 << 30, process=True)
    again = pickle.loads(pickle.dumps(buffer))
    assert (again.growable, again.max_nbytes) == (True, 1 << 30)
    again.grow(1 << 20)
    assert len(buffer) == 1 << 20
    buffer.view("uint8")[-1] = 9
    assert again.view("uint8")[-1] == 9
    with pytest.raises(ValueError, match="less than it is now"):
        buffer.grow(8)
    fixed = SharedBuffer(8, process=True)
    with pytest.raises(TypeError, match="cannot grow"):
        pickle.loads(pickle.dumps(fixed)).grow(16)


def test_unlink():
    buffer = SharedBuffer(8, process=True)
    handle = pickle.dumps(buffer)
    again = pickle.loads(handle)
    buffer.unlink()
    buffer.unlink()
    with pytest.raises(ValueError, match="unlinked"):
        pickle.dumps(buffer)
    with pytest.raises(RuntimeError, match="the SharedBuffer is gone"):
        pickle.loads(handle)
    Atomics.store(buffer.view("uint8"), 0, 1)
    assert Atomics.load(pickle.loads(pickle.dumps(again)), 0) == 1
    with pytest.raises(ValueError, match="has no link"):
        SharedBuffer(8).unlink()


def test_a_file_number_that_was_used_again():
    buffer = SharedBuffer(8, process=True)
    handle = pickle.dumps(buffer)
    buffer.close()
    others = [SharedBuffer(8, process=True) for _ in range(5)]
    with pytest.raises(RuntimeError, match="the SharedBuffer is gone"):
        pickle.loads(handle)
    del others


def test_without_process_it_is_not_pickled():
    with pytest.raises(TypeError, match="cannot be pickled or copied without process=True"):
        pickle.dumps(SharedBuffer(8))
    with pytest.raises(TypeError, match="cannot be pickled or copied without process=True"):
        pickle.dumps(SharedBuffer(8, max_nbytes=100))


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="other systems have a file without a name instead")
def test_nothing_is_left_behind_by_a_creator_that_crashes():
    """Who has the memory keeps it; it has no name, and open files are gone with their process."""
    before, mark = set(os.listdir("/dev/shm")), os.urandom(16)
    ended = run_python(
        """
        import os, pickle, signal, sys
        from threadpool import SharedBuffer
        buffer = SharedBuffer(1 << 20, process=True)
        memoryview(buffer)[:16] = bytes.fromhex(sys.argv[1])
        sys.stdout.write(pickle.dumps(buffer).hex())
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        mark.hex(),
    )
    assert ended.returncode == -signal.SIGKILL
    assert ended.stderr == ""
    new = [Path("/dev/shm", name) for name in set(os.listdir("/dev/shm")) - before]  # of other programs, perhaps
    assert not [path for path in new if mark in beginning(path)]
    with pytest.raises(RuntimeError, match="the SharedBuffer is gone"):
        pickle.loads(bytes.fromhex(ended.stdout))


def beginning(path):
    """Of a file that may be somebody else's, and gone."""
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16)
    except OSError:
        return b""


def test_who_has_it_keeps_it_when_the_creator_is_gone():
    creator = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import pickle, sys; from threadpool import SharedBuffer; b = SharedBuffer(64, process=True);"
            "b.view('uint8')[5] = 42; print(pickle.dumps(b).hex(), flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with creator:
        buffer = pickle.loads(bytes.fromhex(creator.stdout.readline()))
        creator.kill()
    assert buffer.view("uint8")[5] == 42
    assert pickle.loads(pickle.dumps(buffer)).view("uint8")[5] == 42


def test_a_system_without_proc(monkeypatch):
    buffer = SharedBuffer(64, process=True)
    buffer.view("uint8")[5] = 42
    monkeypatch.setattr("os.path.exists", lambda path: False)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=send_a_byte, args=(buffer, theirs))
    process.start()
    assert ours.recv() == 42
    process.join()


def send_a_byte(buffer, pipe):
    pipe.send(int(buffer.view("uint8")[5]))


def test_nobody_waits_across_processes():
    cells = SharedBuffer(64, process=True).view("int32")
    for buffer in (cells, memoryview(cells), cells[2:]):
        with pytest.raises(NotImplementedError, match=r"wait\(\) does not reach across processes"):
            Atomics.wait(buffer, 0, 0)
        with pytest.raises(NotImplementedError, match=r"notify\(\) does not reach"):
            Atomics.notify(buffer, 1)
    del cells, buffer
    assert Atomics.notify(numpy.zeros(4, "int32"), 0) == 0


def test_no_memory():
    with pytest.raises(MemoryError, match=r"no (memory|addresses) for a SharedBuffer of"):
        SharedBuffer(1 << 62, process=True)


def test_no_file_is_left_open():
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("counts open files by /proc")
    before = files_of_buffers()
    for _ in range(20):
        buffer = SharedBuffer(64, process=True)
        again = pickle.loads(pickle.dumps(buffer))
        again.close()
        with pytest.raises(MemoryError):
            SharedBuffer(1 << 62, process=True)
    del buffer, again
    assert files_of_buffers() == before


def files_of_buffers():
    """How many are open. Others, and those of buffers that are garbage, come and go with other tests."""
    gc.collect()
    count = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            name = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:
            continue
        # A file of another kind, where there is no memfd_create, is one without a name.
        count += "threadpool.SharedBuffer" in name or name.endswith(" (deleted)")
    return count
