"""What other code does at the worst moment: nothing crashes, nobody is woken twice or not at all."""

import asyncio
import gc
import os
import pickle
import subprocess
import sys
import textwrap
import threading

import numpy
import pytest

from threadpool import Atomics, SharedBuffer
from threadpool.sync import _atomics


def run_python(program):
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=100
    )
    assert (ended.returncode, ended.stderr) == (0, "")


class Argument:
    """An int, or a float, that does something as it is converted."""

    def __init__(self, act, value=1):
        self.act, self.value = act, value

    def __index__(self):
        self.act()
        return self.value

    def __float__(self):
        self.act()
        return float(self.value)


@pytest.mark.parametrize("name", ["and_", "or_", "xor", "add", "store", "exchange", "maximum"])
@pytest.mark.parametrize("index", [7, numpy.array([7, 1])], ids=["one", "many"])
@pytest.mark.parametrize("dtype", ["f8", "u8", "i1"])
def test_an_argument_that_changes_the_type_of_the_array(name, index, dtype):
    if name == "exchange" and not isinstance(index, int):
        return
    cells = numpy.zeros(8, "i8")

    def change():
        cells.dtype = dtype

    with pytest.raises(TypeError, match="type does not change during the call"):
        getattr(Atomics, name)(cells, index, Argument(change))
    assert not cells.any()


@pytest.mark.parametrize("dtype", ["u1", "f4", "u4"])
def test_a_timeout_and_a_count_that_change_the_array(dtype):
    cells = numpy.zeros(1000, "i4")

    def change():
        cells.dtype = dtype

    with pytest.raises(TypeError, match="type does not change"):
        Atomics.wait(cells, 900, 0, Argument(change))
    cells.dtype = "i4"
    with pytest.raises(TypeError, match="type does not change"):
        Atomics.notify(cells, 900, Argument(change))
    cells.dtype = "i4"
    shrink = Argument(lambda: cells.resize(1, refcheck=False))
    with pytest.raises(IndexError, match="index 900 is out of range for 1 elements"):
        Atomics.wait(cells, 900, 0, shrink)


def test_an_index_array_whose_class_changes_the_buffer():
    cells = numpy.zeros(64, "i8")

    class Indices(numpy.ndarray):
        def __array_finalize__(self, other):
            if other is not None and other.dtype != self.dtype:
                cells.dtype = "i1"

    indices = numpy.arange(64, dtype="i4").view(Indices)
    Atomics.add(cells, indices, 1)
    assert cells.tolist() == [1] * 64


def test_bulk_calls_before_any_other_array_was_seen():
    run_python(
        """
        import numpy
        from threadpool import Atomics, SharedBuffer
        for cells in (bytearray(8), memoryview(bytearray(8)), SharedBuffer(8)):
            Atomics.add(cells, numpy.array([1, 2, 2]), 1)
            assert bytes(cells) == bytes([0, 1, 2, 0, 0, 0, 0, 0]), cells
        """
    )


@pytest.mark.parametrize(
    "arguments", [((), {}), ((1, 2), {}), ((1,), {"most": 2}), ((-1,), {}), ((1 << 62,), {"process": True})], ids=str
)
def test_what_fails_to_be_made_closes_no_file(arguments):
    if os.name == "nt" and "process" in arguments[1]:
        return
    before = os.fstat(0)
    for _ in range(3):
        with pytest.raises((TypeError, ValueError, MemoryError)):
            SharedBuffer(*arguments[0], **arguments[1])
    assert os.path.samestat(os.fstat(0), before)


@pytest.mark.parametrize(
    "options", [{"process": True}, {"max_nbytes": 140_000_000_000_001}], ids=["process", "growable"]
)
def test_more_addresses_than_there_are(options):
    if os.name == "nt" and "process" in options:
        return
    with pytest.raises(MemoryError, match="no "):
        SharedBuffer(140_000_000_000_000, **options)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="asks for a buffer in Python, of flags that 3.11 takes")
def test_an_export_that_is_refused_is_not_counted():
    buffer = SharedBuffer(64)
    with pytest.raises((BufferError, SystemError)):
        buffer.__buffer__(0x100)
    buffer.close()


@pytest.mark.skipif(os.name == "nt", reason="not on Windows yet")
def test_a_head_that_lies():
    buffer = SharedBuffer(8, max_nbytes=4096, process=True)
    _, (handle, _token) = buffer.__reduce__()
    file = os.open(handle, os.O_RDWR)
    try:
        os.pwrite(file, (1 << 40).to_bytes(8, sys.byteorder), 32)  # the length
        assert len(buffer) == 4096
        assert bytes(buffer) == bytes(4096)
        for maximum in (1 << 40, (1 << 64) - 64, 4096 + 1):
            os.pwrite(file, maximum.to_bytes(8, sys.byteorder), 16)
            with pytest.raises(RuntimeError, match="its file is too short"):
                pickle.loads(pickle.dumps(buffer))
        with pytest.raises(OSError):
            os.ftruncate(file, 64)
    finally:
        os.close(file)


def test_suboffsets_are_not_contiguous():
    """A buffer of pointers to rows, as PIL has them: PEP 3118."""
    testbuffer = pytest.importorskip("_testbuffer")
    array = testbuffer.ndarray(list(range(8)), shape=[8], format="L", flags=testbuffer.ND_PIL)
    with pytest.raises(BufferError, match="C-contiguous"):
        Atomics.load(array, 1)


def test_the_module_again_does_not_forget_who_waits():
    run_python(
        """
        import importlib, threading, numpy
        from threadpool import Atomics
        from threadpool.sync import _atomics
        cells = numpy.zeros(1, "int32")
        thread = threading.Thread(target=Atomics.wait, args=(cells, 0, 0))
        thread.start()
        while not _atomics._count_waiters(cells, 0): pass
        importlib.reload(Atomics)
        assert Atomics.notify(cells, 0) == 1
        thread.join()
        """
    )


def test_daemon_threads_that_wait_at_the_end_may_be_notified():
    run_python(
        """
        import threading, numpy
        from threadpool import Atomics
        from threadpool.sync import _atomics
        cells = numpy.zeros(1, "int32")
        threading.stack_size(1 << 26)
        for _ in range(20):
            threading.Thread(target=Atomics.wait, args=(cells, 0, 0), daemon=True).start()
        while _atomics._count_waiters(cells, 0) < 20: pass
        class AtTheEnd:
            def __init__(self): self.notify, self.cells = Atomics.notify, cells
            def __del__(self):
                for _ in range(3): self.notify(self.cells, 0)
        threading.at_the_end = AtTheEnd()
        """
    )


async def in_turn():
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_task_that_is_cancelled_before_it_begins_leaves_the_queue():
    cells = numpy.zeros(1, "int32")

    async def main():
        task = asyncio.create_task(Atomics.wait_async(cells, 0, 0, timeout=1000))
        task.cancel()
        await asyncio.wait([task])
        assert _atomics._count_waiters(cells, 0) == 0
        other = asyncio.create_task(Atomics.wait_async(cells, 0, 0))
        assert Atomics.notify(cells, 0, 1) == 1
        assert await other == "ok"
        assert not [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()]

    asyncio.run(main())


def test_a_notification_is_passed_on_once_when_its_loop_is_closed():
    cells = numpy.zeros(1, "int32")
    loop, tasks, threads = asyncio.new_event_loop(), [], []
    loop.set_exception_handler(lambda *_: None)

    async def begin():
        tasks.append(loop.create_task(Atomics.wait_async(cells, 0, 0)))
        await in_turn()

    loop.run_until_complete(begin())
    for number in range(3):
        threads.append(threading.Thread(target=Atomics.wait, args=(cells, 0, 0)))
        threads[-1].start()
        while _atomics._count_waiters(cells, 0) < number + 2:
            pass
    assert Atomics.notify(cells, 0, 1) == 1
    loop.close()
    tasks.clear()
    gc.collect()
    assert _atomics._count_waiters(cells, 0) == 2
    assert Atomics.notify(cells, 0) == 2
    for thread in threads:
        thread.join()


def test_a_suspended_coroutine_that_is_dropped_passes_on_once():
    cells = numpy.zeros(1, "int32")

    async def main():
        waiting = Atomics.wait_async(cells, 0, 0)
        waiting.send(None)
        others = [asyncio.create_task(Atomics.wait_async(cells, 0, 0)) for _ in range(3)]
        assert Atomics.notify(cells, 0, 1) == 1
        del waiting
        gc.collect()
        assert _atomics._count_waiters(cells, 0) == 2
        Atomics.notify(cells, 0)
        await asyncio.gather(*others)

    asyncio.run(main())


def test_memory_stays_while_it_is_waited_at():
    async def main():
        buffer = SharedBuffer(4096)
        waiting = asyncio.create_task(Atomics.wait_async(memoryview(buffer).cast("i"), 0, 0))
        await in_turn()
        with pytest.raises(BufferError):
            buffer.close()
        waiting.cancel()
        await asyncio.wait([waiting])
        del waiting
        gc.collect()
        buffer.close()

    asyncio.run(main())
