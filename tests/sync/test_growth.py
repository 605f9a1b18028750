"""A SharedBuffer that grows, and one that is closed."""

import os
import subprocess
import sys
import textwrap
import threading

import numpy
import pytest

from threadpool import Atomics, SharedBuffer

LARGE = 1 << 40


def address(buffer):
    return buffer.view("uint8").ctypes.data


def test_it_grows_at_its_place():
    buffer = SharedBuffer(10, max_nbytes=LARGE)
    place = address(buffer)
    assert (buffer.nbytes, buffer.max_nbytes, buffer.growable) == (10, LARGE, True)
    assert repr(buffer) == f"SharedBuffer(10, max_nbytes={LARGE})"
    assert place % 64 == 0
    buffer.view("uint8")[:] = 7
    for nbytes in (10, 11, 4096, 4097, 1 << 20):
        before = bytes(buffer)
        assert buffer.grow(nbytes) is None
        assert len(buffer) == nbytes
        assert bytes(buffer) == before + bytes(nbytes - len(before))
        assert address(buffer) == place


def test_from_nothing():
    buffer = SharedBuffer(0, max_nbytes=100)
    assert bytes(buffer) == b""
    buffer.grow(100)
    assert bytes(buffer) == bytes(100)
    buffer.view("uint8")[99] = 1


def test_old_views_keep_their_length_and_share_the_memory():
    buffer = SharedBuffer(64, max_nbytes=1 << 16)
    old, bytes_of_old = buffer.view("int64"), memoryview(buffer)
    buffer.grow(1 << 16)
    new = buffer.view("int64")
    assert (len(old), bytes_of_old.nbytes, len(new)) == (8, 64, 8192)
    Atomics.add(new, 3, 5)
    assert Atomics.load(old, 3) == 5
    assert bytes_of_old[24] == 5
    with pytest.raises(IndexError):
        Atomics.load(old, 8)
    assert Atomics.load(buffer, 65535) == 0


def test_a_size_that_is_the_maximum():
    buffer = SharedBuffer(100, max_nbytes=100)
    assert buffer.growable
    buffer.grow(100)
    with pytest.raises(ValueError, match="nbytes must not be more than max_nbytes, which is 100, not 101"):
        buffer.grow(101)


@pytest.mark.parametrize(
    ("nbytes", "error", "words"),
    [
        (9, ValueError, "nbytes must not be less than it is now, 10, not 9"),
        (-1, ValueError, "nbytes must not be negative, not -1"),
        (101, ValueError, "nbytes must not be more than max_nbytes, which is 100, not 101"),
        (2**100, ValueError, "nbytes must not be more than max_nbytes"),
        (1.5, TypeError, "nbytes must be an integer, not 'float'"),
        (None, TypeError, "nbytes must be an integer, not 'NoneType'"),
    ],
)
def test_bad_growth(nbytes, error, words):
    buffer = SharedBuffer(10, max_nbytes=100)
    with pytest.raises(error, match=words):
        buffer.grow(nbytes)
    assert len(buffer) == 10


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"nbytes": 11, "max_nbytes": 10}, ValueError, "nbytes must not be more than max_nbytes, which is 10, not 11"),
        ({"nbytes": 0, "max_nbytes": -1}, ValueError, "max_nbytes must not be negative, not -1"),
        ({"nbytes": 0, "max_nbytes": "x"}, TypeError, "max_nbytes must be an integer, not 'str'"),
        ({"nbytes": 0, "max_nbytes": 2**64}, MemoryError, "no memory"),
    ],
)
def test_bad_maximum(arguments, error, words):
    with pytest.raises(error, match=words):
        SharedBuffer(**arguments)


def test_one_of_fixed_size():
    buffer = SharedBuffer(10)
    assert (buffer.max_nbytes, buffer.growable) == (10, False)
    with pytest.raises(TypeError, match="without max_nbytes cannot grow"):
        buffer.grow(10)


def test_several_threads_that_grow_it(in_threads):
    buffer, largest = SharedBuffer(0, max_nbytes=1 << 22), []

    def grow():
        for nbytes in range(1, 1 << 22, 4099):
            try:
                buffer.grow(nbytes)
            except ValueError:  # another was ahead
                pass
            length = len(buffer)
            assert length >= nbytes
            Atomics.add(buffer, length - 1, 1)  # what it has can be used
        largest.append(len(buffer))

    in_threads(grow, 4)
    assert set(largest) == {len(buffer)}


@pytest.mark.skipif(sys.platform != "linux" or "TSAN_OPTIONS" in os.environ, reason="sets a limit of addresses")
def test_where_addresses_are_scarce_it_grows_as_far_as_it_can():
    program = """
        import resource
        from threadpool import SharedBuffer
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        buffer = SharedBuffer(10, max_nbytes=1 << 40)
        buffer.grow(1 << 20)
        buffer.view("uint8")[-1] = 1
        try:
            buffer.grow(1 << 39)
        except MemoryError as error:
            print(error)
        assert len(buffer) == 1 << 20
        """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("there were addresses for ")


@pytest.mark.parametrize("options", [{}, {"max_nbytes": 1 << 20}, {"process": True}], ids=str)
def test_close(options):
    if options.get("process") and sys.platform == "win32":
        pytest.skip("not on Windows yet")
    buffer = SharedBuffer(64, **options)
    view = buffer.view("int32")
    with pytest.raises(BufferError, match="the SharedBuffer has 1 view and cannot be closed"):
        buffer.close()
    assert Atomics.add(view, 0, 1) == 0
    del view
    buffer.close()
    buffer.close()
    assert repr(buffer) == "SharedBuffer(closed)"
    for use in (
        lambda: memoryview(buffer),
        lambda: Atomics.add(buffer, 0, 1),
        lambda: buffer.view("int32"),
        lambda: buffer.slice(),
        lambda: len(buffer),
        lambda: buffer.nbytes,
        lambda: numpy.frombuffer(buffer),
    ):
        with pytest.raises(ValueError, match="the SharedBuffer is closed"):
            use()
    if "max_nbytes" in options:
        with pytest.raises(ValueError, match="closed"):
            buffer.grow(100)


@pytest.mark.soak
def test_close_while_others_use_it(soak):
    """Each use is either before or after it."""
    for _ in range(soak(50, 5_000)):
        buffer, refused = SharedBuffer(64, max_nbytes=1 << 20), []
        barrier = threading.Barrier(3)

        def use(buffer=buffer, refused=refused, barrier=barrier):
            barrier.wait()
            try:
                for i in range(10_000):
                    Atomics.add(buffer, 3, 1)
                    if i % 10 == 0:
                        buffer.grow(64 + i)
            except ValueError as error:
                refused.append(str(error))

        threads = [threading.Thread(target=use) for _ in range(2)]
        for thread in threads:
            thread.start()
        barrier.wait()
        while True:
            try:
                buffer.close()
                break
            except BufferError:
                pass
        for thread in threads:
            thread.join()
        assert all("closed" in words or "less than it is now" in words for words in refused)
