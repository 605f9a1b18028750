"""The kernels, each against another implementation: hashlib, zlib, the package blake3."""

import array
import ast
import ctypes
import hashlib
import mmap
import os
import pickle
import random
import subprocess
import sys
import zlib

import numpy
import pytest
from blake3 import blake3

import threadpool
from threadpool import hashing

# Around the block of 64 bytes, the room for the length in the last one, and the size where the GIL is let go.
SIZES = [*range(200), 2047, 2048, 2049, 4095, 4096, 4097, 1_000_003]


def test_every_size_alone_and_in_a_run(kernel, reference):
    rng = random.Random(1)
    data = [rng.randbytes(size) for size in SIZES]
    digests = [reference(x) for x in data]
    assert [kernel(x) for x in data] == digests
    assert threadpool.run(kernel, data) == digests
    assert threadpool.run(kernel, iter(data), workers=1) == digests
    assert threadpool.run(kernel, data, chunk=3) == digests


def test_every_size_at_every_alignment(kernel, reference):
    block = random.Random(1).randbytes(4096)
    expected = [reference(block[:size]) for size in range(4097)]
    rows = expected if isinstance(expected[0], int) else [list(digest) for digest in expected]
    room = memoryview(bytearray(4096 + 64))
    for alignment in range(64):
        room[alignment : alignment + 4096] = block
        views = [room[alignment : alignment + size] for size in range(4097)]
        assert kernel.many(views).tolist() == rows
    assert [kernel(view) for view in views] == expected


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
def test_every_exporter_and_every_mixture(kernel, reference, data):
    assert kernel(data) == reference(data)
    assert (
        threadpool.run(kernel, [data, b"between", data] * 50)
        == [reference(data), reference(b"between"), reference(data)] * 50
    )


def test_rows_of_an_array(kernel, reference):
    rows = numpy.random.default_rng(1).integers(0, 255, (500, 77), dtype=numpy.uint8)
    assert threadpool.run(kernel, rows) == [reference(row) for row in rows]


def test_no_input(kernel):
    assert threadpool.run(kernel, []) == []


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ("text", TypeError, "must be a bytes-like object, not 'str'"),
        (3, TypeError, "must be a bytes-like object, not 'int'"),
        (numpy.arange(10)[::2], BufferError, "must be a contiguous buffer"),
        (memoryview(b"abcdef")[::2], BufferError, "must be a contiguous buffer"),
    ],
)
def test_bad_input_is_named_before_anything_runs(kernel, reference, data, error, words):
    with pytest.raises(error, match=f"^data {words}"):
        kernel(data)
    with pytest.raises(error, match=rf"^data\[2\] {words}"):
        threadpool.run(kernel, [b"fine", bytearray(b"fine"), data, b"fine"])
    with pytest.raises(TypeError, match="iterable"):
        threadpool.run(kernel, 3)
    assert threadpool.run(kernel, [b"abc"]) == [reference(b"abc")]


def test_exports_end_with_the_run(kernel):
    data = [bytearray(b"x" * size) for size in range(1000)]
    threadpool.run(kernel, data)
    with pytest.raises(TypeError):
        threadpool.run(kernel, [*data, "text"])
    for buffer in data:
        buffer.append(1)  # BufferError if it were still exported


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("error", [None, ValueError])
def test_buffers_cannot_be_resized_before_the_run_has_ended(kernel, reference, workers, error):
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
            threadpool.run(kernel, data, workers=workers, progress=report)
    else:
        digests = threadpool.run(kernel, data, workers=workers, progress=report)
        assert digests == [reference(bytes(size)) for size in (1, 100, 5000)]
    assert refused[:3] == data
    for buffer in data:
        buffer.append(1)


def test_the_rows_of_one_buffer_are_pinned_and_let_go(kernel, reference):
    data = bytearray(1000)
    refused = []

    def report(done, total):
        try:
            rows.release()
        except BufferError:
            refused.append(done)

    with memoryview(data).cast("B", (10, 100)) as rows:
        assert threadpool.run(kernel, rows, progress=report) == [reference(bytes(100))] * 10
    assert refused
    with pytest.raises(BufferError):
        threadpool.run(kernel, numpy.frombuffer(data, "u1").reshape(10, 100)[:, ::2])
    data.append(1)


def test_one_buffer_is_pinned_and_let_go_by_several_threads_at_once(kernel, in_threads):
    data = bytearray(1)

    def hash_often():
        for _ in range(1000):
            kernel(data)
            threadpool.run(kernel, [data] * 100)

    for _ in range(10):
        in_threads(hash_often, 4)
        data.append(1)  # BufferError if an export were left
        with memoryview(data), pytest.raises(BufferError):
            data.append(1)  # allowed if one had been given back too often


def test_unknown_options(kernel):
    import functools

    with pytest.raises(TypeError, match="takes no option 'size'"):
        threadpool.run(functools.partial(kernel, size=3), [b"a"])


def test_what_the_kernel_says_of_itself(kernel):
    assert repr(kernel) == f"<kernel threadpool.hashing.{kernel.name}>"
    assert getattr(hashing, kernel.name) is kernel
    assert pickle.loads(pickle.dumps(kernel)) is kernel
    if hasattr(hashlib, kernel.name):
        theirs = hashlib.new(kernel.name)
        assert (kernel.digest_size, kernel.block_size) == (theirs.digest_size, theirs.block_size)


class Crc32:
    """zlib's, in hashlib's shape."""

    def __init__(self):
        self.crc = 0

    def update(self, data):
        self.crc = zlib.crc32(data, self.crc)

    def digest(self):
        return self.crc


@pytest.mark.thread_unsafe(reason="takes gigabytes")
@pytest.mark.timeout(600)  # which take their time on a machine that is busy
@pytest.mark.parametrize("name", ["sha256", "sha1", "blake3", "crc32"])  # the other two share their loops with these
def test_over_4_gib(name):
    size = (1 << 32) + 77
    theirs = {"sha256": hashlib.sha256, "sha1": hashlib.sha1, "blake3": blake3, "crc32": Crc32}[name]()
    with mmap.mmap(-1, size) as zeros:
        digest = getattr(hashing, name)(zeros)
    block = bytes(1 << 20)
    for _ in range(size >> 20):
        theirs.update(block)
    theirs.update(bytes(size & ((1 << 20) - 1)))
    assert digest == theirs.digest()


@pytest.mark.thread_unsafe(reason="a process of its own")
@pytest.mark.parametrize("level", ["portable", "sse", "avx2", "avx512"])
def test_every_simd_level(references, level):
    program = """
import random, threadpool
random.seed(1)
data = [random.randbytes(size) for size in [*range(300), 5000, 70000]]
names = ["sha256", "sha1", "md5", "blake3", "crc32c", "crc32"]
print([[threadpool.run(kernel, data), kernel(data[-1])] for kernel in (getattr(threadpool.hashing, n) for n in names)])
"""
    environment = {**os.environ, "THREADPOOL_SIMD": level}
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, env=environment, timeout=60, capture_output=True, text=True
    )
    random.seed(1)
    data = [random.randbytes(size) for size in [*range(300), 5000, 70000]]
    digests = [[reference(x) for x in data] for reference in references.values()]
    assert ast.literal_eval(done.stdout) == [[row, row[-1]] for row in digests]


@pytest.mark.thread_unsafe(reason="a process of its own")
def test_an_unknown_simd_level_is_an_error_at_import():
    done = subprocess.run(
        [sys.executable, "-c", "import threadpool"],
        capture_output=True,
        text=True,
        env={**os.environ, "THREADPOOL_SIMD": "mmx"},
    )
    assert done.returncode == 1
    assert "ValueError: THREADPOOL_SIMD must be portable, sse, avx2, avx512 or neon, not 'mmx'" in done.stderr


def test_a_buffer_that_changes_while_it_is_hashed(kernel, in_threads):
    data = bytearray(1 << 16)

    def hash_and_change():
        for i in range(200):
            data[i % len(data)] ^= 1
            kernel(data)

    in_threads(hash_and_change, 4)
