"""The sha256 kernel, against hashlib."""

import array
import ctypes
import hashlib
import mmap
import os
import pickle
import random
import subprocess
import sys

import numpy
import pytest

import threadpool
from threadpool.hashing import sha256

# Around the block of 64 bytes, the room for the length in the last one, and the size where the GIL is let go.
SIZES = [*range(200), 2047, 2048, 2049, 4095, 4096, 4097, 1_000_003]


def expected(data):
    return hashlib.sha256(data).digest()


def test_every_size_alone_and_in_a_run():
    rng = random.Random(1)
    data = [rng.randbytes(size) for size in SIZES]
    assert [sha256(x) for x in data] == [expected(x) for x in data]
    assert threadpool.run(sha256, data) == [expected(x) for x in data]
    assert threadpool.run(sha256, iter(data), workers=1) == [expected(x) for x in data]
    assert threadpool.run(sha256, data, chunk=3) == [expected(x) for x in data]


def test_every_alignment():
    block = os.urandom(300)
    for offset in range(64):
        view = memoryview(block)[offset:]
        assert sha256(view) == expected(view)


def exporters():
    mapped = mmap.mmap(-1, 5000)
    mapped[:4] = b"mmap"
    shared = threadpool.SharedBuffer(5000)
    shared.view("uint8")[:] = 7
    return [
        b"bytes" * 1000,
        bytearray(b"bytearray" * 1000),
        memoryview(b"memoryview" * 1000),
        array.array("d", range(1000)),
        numpy.arange(1000),
        numpy.arange(1000).reshape(10, 100),
        (ctypes.c_int * 1000)(*range(1000)),
        mapped,
        shared,
        type("Bytes", (bytes,), {})(b"a subclass" * 1000),
    ]


@pytest.mark.parametrize("data", exporters(), ids=lambda data: type(data).__name__)
def test_every_exporter_and_every_mixture(data):
    assert sha256(data) == expected(data)
    assert (
        threadpool.run(sha256, [data, b"between", data] * 50)
        == [expected(data), expected(b"between"), expected(data)] * 50
    )


def test_rows_of_an_array():
    rows = numpy.random.default_rng(1).integers(0, 255, (500, 77), dtype=numpy.uint8)
    assert threadpool.run(sha256, rows) == [expected(row) for row in rows]


def test_no_input():
    assert threadpool.run(sha256, []) == []


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ("text", TypeError, "must be a bytes-like object, not 'str'"),
        (3, TypeError, "must be a bytes-like object, not 'int'"),
        (numpy.arange(10)[::2], BufferError, "must be a contiguous buffer"),
        (memoryview(b"abcdef")[::2], BufferError, "must be a contiguous buffer"),
    ],
)
def test_bad_input_is_named_before_anything_runs(data, error, words):
    with pytest.raises(error, match=f"^data {words}"):
        sha256(data)
    with pytest.raises(error, match=rf"^data\[2\] {words}"):
        threadpool.run(sha256, [b"fine", bytearray(b"fine"), data, b"fine"])
    with pytest.raises(TypeError, match="iterable"):
        threadpool.run(sha256, 3)
    assert threadpool.run(sha256, [b"abc"]) == [expected(b"abc")]


def test_exports_end_with_the_run():
    data = [bytearray(b"x" * size) for size in range(1000)]
    threadpool.run(sha256, data)
    with pytest.raises(TypeError):
        threadpool.run(sha256, [*data, "text"])
    for buffer in data:
        buffer.append(1)  # BufferError if it were still exported


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("error", [None, ValueError])
def test_buffers_cannot_be_resized_before_the_run_has_ended(workers, error):
    data = [bytearray(size) for size in (1, 100, 5000)]
    refused = []

    def report(done, total):
        for buffer in data:
            try:
                buffer.append(1)
            except BufferError:
                refused.append(buffer)
        if error:
            raise error

    if error:
        with pytest.raises(error):
            threadpool.run(sha256, data, workers=workers, progress=report)
    else:
        digests = threadpool.run(sha256, data, workers=workers, progress=report)
        assert digests == [expected(bytes(size)) for size in (1, 100, 5000)]
    assert refused[:3] == data
    for buffer in data:
        buffer.append(1)


def test_the_rows_of_one_buffer_are_pinned_and_let_go():
    data = bytearray(1000)
    refused = []

    def report(done, total):
        try:
            rows.release()
        except BufferError:
            refused.append(done)

    with memoryview(data).cast("B", (10, 100)) as rows:
        assert threadpool.run(sha256, rows, progress=report) == [expected(bytes(100))] * 10
    assert refused
    with pytest.raises(BufferError):
        threadpool.run(sha256, numpy.frombuffer(data, "u1").reshape(10, 100)[:, ::2])
    data.append(1)


def test_one_buffer_is_pinned_and_let_go_by_several_threads_at_once(in_threads):
    data = bytearray(1)

    def hash_often():
        for _ in range(1000):
            sha256(data)
            threadpool.run(sha256, [data] * 100)

    for _ in range(10):
        in_threads(hash_often, 4)
        data.append(1)  # BufferError if an export were left
        with memoryview(data), pytest.raises(BufferError):
            data.append(1)  # allowed if one had been given back too often


def test_unknown_options():
    import functools

    with pytest.raises(TypeError, match="takes no option 'size'"):
        threadpool.run(functools.partial(sha256, size=3), [b"a"])


def test_what_the_kernel_says_of_itself():
    assert (sha256.name, sha256.digest_size, sha256.block_size) == ("sha256", 32, 64)
    assert "sha256" in repr(sha256)
    assert pickle.loads(pickle.dumps(sha256)) is sha256


@pytest.mark.thread_unsafe(reason="takes gigabytes")
def test_over_4_gib():
    size = (1 << 32) + 77
    with mmap.mmap(-1, size) as zeros:
        digest = sha256(zeros)
        reference = hashlib.sha256()
        block = bytes(1 << 20)
        for _ in range(size >> 20):
            reference.update(block)
        reference.update(bytes(size & ((1 << 20) - 1)))
        assert digest == reference.digest()


@pytest.mark.thread_unsafe(reason="a process of its own")
@pytest.mark.parametrize("level", ["portable", "sse", "avx2", "avx512"])
def test_every_simd_level(level):
    program = """
import hashlib, random, threadpool
data = [random.randbytes(size) for size in range(300)]
assert threadpool.run(threadpool.hashing.sha256, data) == [hashlib.sha256(x).digest() for x in data]
"""
    environment = {**os.environ, "THREADPOOL_SIMD": level}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, timeout=60)


@pytest.mark.thread_unsafe(reason="a process of its own")
def test_an_unknown_simd_level_is_an_error_at_import():
    done = subprocess.run(
        [sys.executable, "-c", "import threadpool"],
        capture_output=True,
        text=True,
        env={**os.environ, "THREADPOOL_SIMD": "mmx"},
    )
    assert done.returncode == 1
    assert "ValueError: THREADPOOL_SIMD must be portable, sse, avx2 or avx512, not 'mmx'" in done.stderr


def test_a_buffer_that_changes_while_it_is_hashed(in_threads):
    data = bytearray(1 << 16)

    def hash_and_change():
        for i in range(200):
            data[i % len(data)] ^= 1
            assert len(sha256(data)) == 32

    in_threads(hash_and_change, 4)
