"""BLAKE3 against its authors' package: modes, pieces, output of any length, sizes around chunks and subtrees."""

import copy
import pickle
import random
import signal

import blake3 as package
import numpy
import pytest

from threadpool import hashing, run

CHUNK = 1024
# Around chunks and powers of two of them, and where several threads begin to share the work, and their parts.
SIZES = sorted(
    {
        *(CHUNK * (1 << level) + more for level in range(15) for more in (-1025, -1, 0, 1, 1023, 1024, 1025)),
        *((4 << 20) + part * (1 << 17) + more for part in (0, 1, 3) for more in (-1, 0, 1, 1023)),
        16 << 20,
        (16 << 20) + 1,
    }
    - {-1}
)


@pytest.fixture(scope="module")
def data():
    return random.Random(1).randbytes(max(SIZES))


def test_sizes_around_chunks_and_subtrees(data):
    view = memoryview(data)
    for size in SIZES:
        if size < 0:
            continue
        expected = package.blake3(view[:size]).digest()
        assert hashing.blake3(view[:size]) == expected, size
        assert hashing.blake3.new(view[:size]).digest() == expected, size
    sizes = [size for size in SIZES if 0 <= size <= 1 << 20]
    assert run(hashing.blake3, [view[:size] for size in sizes]) == [
        package.blake3(view[:size]).digest() for size in sizes
    ]


def both(**options):
    return hashing.blake3.new(**options), package.blake3(**options)


MODES = [{}, {"key": bytes(range(32))}, {"derive_key_context": "threadpool 2026-11-25 tests ünïcödé"}]


@pytest.mark.parametrize("options", MODES, ids=["hash", "keyed", "derive"])
def test_modes_and_pieces_and_output(options, data):
    rng = random.Random(2)
    for _ in range(20):
        ours, theirs = both(**options)
        begin = 0
        while begin < 200_000:
            size = rng.choice([0, 1, 63, 64, 65, 1000, 1023, 1024, 1025, 5000, 70_000])
            piece = data[begin : begin + size]
            ours.update(piece)
            theirs.update(piece)
            begin += size
            if rng.random() < 0.2:  # the stream goes on after that
                assert ours.digest() == theirs.digest()
        assert ours.hexdigest() == theirs.hexdigest()
        length, seek = rng.choice([0, 1, 31, 32, 33, 64, 1000, 100_000]), rng.choice([0, 1, 63, 64, 1000, 1 << 40])
        assert ours.digest(length, seek=seek) == theirs.digest(length, seek=seek)
        assert ours.hexdigest(length, seek=seek) == theirs.hexdigest(length, seek=seek)


@pytest.mark.parametrize("options", MODES, ids=["hash", "keyed", "derive"])
@pytest.mark.parametrize("before", [0, 1, 1024, 131_072, 131_073, 3_000_000])
def test_a_large_piece_behind_others(options, before, data):
    ours, theirs = both(**options)
    for piece in (data[:before], data[before : before + (5 << 20)], b"more", data[: 9 << 20]):
        ours.update(piece)
        theirs.update(piece)
    assert ours.digest() == theirs.digest()


def test_a_copy_goes_its_own_way():
    first = hashing.blake3.new(b"a" * 3000)
    second = first.copy()
    second.update(b"b")
    assert first.digest() == package.blake3(b"a" * 3000).digest()
    assert second.digest() == package.blake3(b"a" * 3000 + b"b").digest()


def test_the_shape_of_hashlib():
    stream = hashing.blake3.new()
    assert (stream.name, stream.digest_size, stream.block_size) == ("blake3", 32, 64)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(stream)
    with pytest.raises(TypeError):
        copy.deepcopy(stream)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"key": bytes(31)}, ValueError, "key must have 32 bytes, not 31"),
        ({"key": "x" * 32}, TypeError, "key must be a bytes-like object, not 'str'"),
        ({"derive_key_context": b"x"}, TypeError, "derive_key_context must be a string, not 'bytes'"),
        ({"key": bytes(32), "derive_key_context": "x"}, ValueError, "only one may be given"),
    ],
)
def test_bad_modes(options, error, words):
    with pytest.raises(error, match=words):
        hashing.blake3.new(**options)


def test_bad_arguments():
    stream = hashing.blake3.new(b"abc")
    with pytest.raises(TypeError, match="data must be a bytes-like object, not 'str'"):
        stream.update("text")
    with pytest.raises(TypeError, match="data must be a bytes-like object, not 'str'"):
        hashing.blake3.new("text")
    with pytest.raises(TypeError, match="data must be a bytes-like object, not 'str'"):
        hashing.blake3.new("")
    assert hashing.blake3.new(numpy.arange(3)).digest() == hashing.blake3(numpy.arange(3))
    with pytest.raises(BufferError, match="contiguous"):
        stream.update(memoryview(b"abcdef")[::2])
    with pytest.raises(ValueError, match=r"length must be in \[0, 2\*\*63\), not -1"):
        stream.digest(-1)
    with pytest.raises(TypeError, match="seek must be an int, not 'float'"):
        stream.digest(seek=1.0)
    assert stream.digest() == hashing.blake3(b"abc")


def test_one_stream_in_several_threads(in_threads):
    """Updates come one after the other, whole; so equal ones give one digest, whatever the order."""
    stream = hashing.blake3.new()
    piece = bytes(range(256)) * 20

    def update():
        for _ in range(50):
            stream.update(piece)
            stream.digest()

    in_threads(update, 4)
    assert stream.digest() == package.blake3(piece * 200).digest()


def test_a_large_buffer_inside_of_a_run(data):
    expected = package.blake3(data[: 6 << 20]).digest()
    assert run(lambda _: hashing.blake3(memoryview(data)[: 6 << 20]), range(8)) == [expected] * 8


@pytest.mark.thread_unsafe(reason="signals are of the main thread")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_a_signal_handler_that_uses_the_stream(monkeypatch):
    """While a large update goes on, by several threads: the handler sees the stream as it was, or adds to it."""
    data = numpy.zeros(1 << 29, "uint8")
    stream = hashing.blake3.new(b"before")
    seen = []

    def handle(number, frame):
        seen.append(stream.digest())
        stream.update(b"between")

    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        stream.update(data)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    theirs = package.blake3(b"before")
    if seen and seen[0] == theirs.digest():
        theirs.update(b"between")
        theirs.update(data)
    else:  # the update was over before the handler was called
        theirs.update(data)
        if seen:
            assert seen[0] == theirs.digest()
            theirs.update(b"between")
    assert stream.digest() == theirs.digest()
