"""The kernels over buffers in memory, beside hashlib, zlib, and packages made for one of the hashes."""

import hashlib
import os
import zlib

import numpy
import pytest

import threadpool
import work
from threadpool import hashing

BLAKE3_SIZES = {"64_KiB": 1 << 16, "256_KiB": 1 << 18, "1_MiB": 1 << 20, "4_MiB": 1 << 22, "32_MiB": 1 << 25}


@pytest.mark.parametrize("name", ["sha256", "sha1", "md5"])
def test_one_long_message(compare, contender, name):
    kernel, theirs = getattr(hashing, name), getattr(hashlib, name)
    data = os.urandom(1 << 26)
    compare(contender(lambda: kernel(data)), {}, hashlib=contender(lambda: theirs(data).digest()))


@pytest.mark.parametrize(("size", "count"), [(64, 50_000), (4096, 8000), (1 << 20, 64)], ids=["64_B", "4_KiB", "1_MiB"])
def test_sha256(compare, contender, processes, executor, size, count):
    data = [os.urandom(size) for _ in range(count)]
    compare(
        contender(lambda: threadpool.run(hashing.sha256, data), count),
        {"one_worker": 1 / 1.85},
        {"serial": 1 / 1.9, "one_worker": 1 / 1.9},
        serial=contender(lambda: [work.sha256(x) for x in data], count),
        one_worker=contender(lambda: threadpool.run(hashing.sha256, data, workers=1), count),
        run_hashlib=contender(lambda: threadpool.run(work.sha256, data), count),
        executor_map=contender(lambda: list(executor.map(work.sha256, data)), count),
        processes_map=contender(lambda: processes.map(work.sha256, data), count),
    )


@pytest.mark.parametrize(("size", "count"), [(64, 50_000), (4096, 8000), (65536, 500)], ids=["64_B", "4_KiB", "64_KiB"])
@pytest.mark.parametrize(
    ("name", "short", "long"), [("sha256", 8, 2.2), ("sha1", None, 2), ("md5", None, 8)], ids=["sha256", "sha1", "md5"]
)
def test_many_on_one_core(compare, contender, name, short, long, size, count):
    kernel, theirs = getattr(hashing, name), getattr(hashlib, name)
    rows, data = _records(size, count)
    bar = short if size == 64 else long
    compare(
        contender(lambda: kernel.many(rows, workers=1), count),
        {"hashlib": 1 / bar} if bar else {},
        {"hashlib": 1 / bar} if bar else {},
        hashlib=contender(lambda: [theirs(x).digest() for x in data], count),
        many_of_a_list=contender(lambda: kernel.many(data, workers=1), count),
        run=contender(lambda: threadpool.run(kernel, data, workers=1), count),
        many_on_all_cores=contender(lambda: kernel.many(rows), count),
        **_stringzilla(name, data, contender),
    )


def _records(size, count):
    """As the rows of an array, and as a list of bytes objects."""
    rows = numpy.random.default_rng(1).integers(0, 256, (count, size), numpy.uint8)
    return rows, [row.tobytes() for row in rows]


def _stringzilla(name, data, contender):
    if name != "sha256":
        return {}
    try:
        import stringzilla
    except ImportError:  # no wheel for this Python
        return {}
    return {"stringzilla": contender(lambda: [stringzilla.sha256(x) for x in data], len(data))}


@pytest.mark.parametrize("size", BLAKE3_SIZES.values(), ids=BLAKE3_SIZES)
def test_blake3_of_one_buffer(compare, contender, size):
    """Ours on all cores, where that is faster; `one_worker` is our serial form, and its own ratio stands below."""
    blake3 = pytest.importorskip("blake3")
    data = os.urandom(size)
    times = max(1, (1 << 23) // size)

    def often(function):
        return contender(lambda: [function() for _ in range(times)], times)

    bar = {"one_worker": 1 / 1.7 if size >= 1 << 22 else 1 / 0.95}
    compare(
        often(lambda: hashing.blake3(data)),
        bar,
        bar,
        one_worker=often(lambda: threadpool.run(hashing.blake3, [data], workers=1)),
        package_one_thread=often(lambda: blake3.blake3(data, max_threads=1).digest()),
        package_all_threads=often(lambda: blake3.blake3(data, max_threads=blake3.blake3.AUTO).digest()),
        hashlib_sha256=often(lambda: work.sha256(data)),
    )


@pytest.mark.parametrize("size", BLAKE3_SIZES.values(), ids=BLAKE3_SIZES)
def test_blake3_on_one_core(compare, contender, size):
    blake3 = pytest.importorskip("blake3")
    data = os.urandom(size)
    times = max(1, (1 << 23) // size)
    bar = {"package": 1 / 1.15 if size == 1 << 25 else 1.0}
    compare(
        contender(lambda: [threadpool.run(hashing.blake3, [data], workers=1) for _ in range(times)], times),
        bar,
        bar,
        package=contender(lambda: [blake3.blake3(data, max_threads=1).digest() for _ in range(times)], times),
    )


@pytest.mark.parametrize(("size", "count"), [(64, 50_000), (1024, 8000), (4096, 8000)], ids=["64_B", "1_KiB", "4_KiB"])
def test_blake3_of_many_on_one_core(compare, contender, size, count):
    blake3 = pytest.importorskip("blake3")
    rows, data = _records(size, count)
    bar = {"package": 1 / 20} if size == 64 else {}
    compare(
        contender(lambda: hashing.blake3.many(rows, workers=1), count),
        bar,
        bar,
        package=contender(lambda: [blake3.blake3(x).digest() for x in data], count),
        many_of_a_list=contender(lambda: hashing.blake3.many(data, workers=1), count),
        run=contender(lambda: threadpool.run(hashing.blake3, data, workers=1), count),
        many_on_all_cores=contender(lambda: hashing.blake3.many(rows), count),
        one_by_one=contender(lambda: [hashing.blake3(x) for x in data], count),
    )


@pytest.mark.parametrize("size", [64, 4096, 1 << 18, 1 << 26], ids=["64_B", "4_KiB", "256_KiB", "64_MiB"])
def test_crc32(compare, contender, size):
    data = os.urandom(size)
    times = max(1, min(10_000, (1 << 26) // size))
    bar = {"zlib": 1 / 8} if size == 1 << 18 else {}
    compare(
        contender(lambda: [hashing.crc32(data) for _ in range(times)], times),
        bar,
        bar,
        zlib=contender(lambda: [zlib.crc32(data) for _ in range(times)], times),
    )


@pytest.mark.parametrize("size", [64, 4096, 1 << 18, 1 << 26], ids=["64_B", "4_KiB", "256_KiB", "64_MiB"])
def test_crc32c(compare, contender, size):
    """google-crc32c switches the GIL on, and has a wheel for builds with one only."""
    google_crc32c = pytest.importorskip("google_crc32c")
    data = os.urandom(size)
    times = max(1, min(10_000, (1 << 26) // size))
    compare(
        contender(lambda: [hashing.crc32c(data) for _ in range(times)], times),
        {},
        {"google_crc32c": 1 / 1.5} if size == 1 << 18 else {},
        google_crc32c=contender(lambda: [google_crc32c.value(data) for _ in range(times)], times),
    )
