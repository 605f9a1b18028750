"""The pieces that streams are cut into: how large they are, when they are read, and those that prove slow."""

import itertools
import threading
import time

import pytest

import threadpool
from threadpool import Pool
from threadpool.pool.stream import Stream

STREAMS = [threadpool.imap, threadpool.imap_unordered]
streams = pytest.mark.parametrize("stream", STREAMS, ids=["imap", "imap_unordered"])


@streams
def test_results_do_not_wait_for_a_slow_input(stream):
    read = 0

    def numbers():
        nonlocal read
        for read in range(30):
            if read:
                pool.submit(abs, 1).result(60)  # by the only thread, which so has ended all before
                time.sleep(0.003)
            yield read

    with Pool(1) as pool:
        results = getattr(pool, stream.__name__)(abs, numbers(), window=1000)
        next(results)
        assert read <= 1
        results.close()


def test_a_large_window_is_not_filled_with_pieces_of_one_item():
    with Pool(1) as pool:
        stream = pool.imap(abs, range(100_000), window=100_000)
        next(stream)
        assert pool.stats().queued < 1000
        assert sum(stream) == sum(range(1, 100_000))


@pytest.mark.thread_unsafe(reason="replaces the clock")
@pytest.mark.parametrize("name", ["imap", "imap_unordered"])
def test_an_input_that_is_slower_than_fn_is_read_in_pieces_of_one_item(monkeypatch, name):
    clock = [0.0]
    done = [threading.Event() for _ in range(300)]
    taken = 0
    behind = []

    def numbers():
        for number in range(300):
            if number:
                assert done[number - 1].wait(60)  # for ever, if it is part of the piece that is being read
            clock[0] += 0.01
            behind.append(number - taken)
            yield number

    monkeypatch.setattr("threadpool.pool.stream.now", lambda: clock[0])
    with Pool(1) as pool:
        for _ in getattr(pool, name)(lambda i: done[i].set(), numbers()):
            taken += 1
    assert taken == 300
    assert max(behind) <= 3


class Ended:
    """Stands for a piece that has ended."""

    def __init__(self, count, milliseconds):
        self.count = count
        self.nanoseconds = int(1e6 * milliseconds)
        self.results = []
        self.rest = []


def take(stream, count, milliseconds, reading=0.0):
    """The size of the next piece, and whether it is growing, when such a piece has been taken."""
    piece = Ended(count, milliseconds)
    stream.pieces[piece] = reading
    list(stream.take(piece))
    return stream.size, stream.grows


def test_pieces_grow_while_those_of_the_latest_size_are_quick_to_do_and_to_read():
    stream = Stream(threadpool.imap.__self__, abs, [], 100_000)
    assert take(stream, 1, 0.001) == (8, True)
    assert take(stream, 1, 0.001) == (8, True)
    assert take(stream, 8, 0.001, reading=0.0004) == (8, False)
    assert take(stream, 8, 0.1) == (32, True)
    assert take(stream, 8, 5) == (32, True)
    assert take(stream, 32, 5) == (16, False)
    assert take(stream, 32, 5) == (16, False)
    assert take(stream, 16, 0.01, reading=5) == (8, False)


def busy(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


class Late:
    """Items that are quick, until some take long, as many as a thread may claim at once; the first of these must be out
    for what comes after them to go on."""

    turn = 3000

    def __init__(self):
        self.out = threading.Event()

    def __call__(self, i):
        if self.turn <= i < self.turn + 4:
            busy(0.03)
        elif i >= self.turn + 4 and threadpool.current_worker() is not None:  # the consumer lets them out
            assert self.out.wait(30)
        return i


@streams
@pytest.mark.parametrize("window", [None, 10_000])
def test_results_do_not_wait_for_the_slow_items_of_their_piece(stream, window):
    with Pool(2) as pool:
        item = Late()
        taken = []
        for result in getattr(pool, stream.__name__)(item, range(3300), window=window):
            taken.append(result)
            if result == item.turn:
                item.out.set()
    if stream is threadpool.imap:
        assert taken == list(range(3300))
    assert sorted(taken) == list(range(3300))


@streams
def test_errors_windows_and_counts_of_pieces_that_are_cut(stream):
    def item(i):
        if i >= 2000:
            busy(0.002)
        if i == 2100:
            raise ValueError(i)
        return i

    read = taken = 0

    def source():
        nonlocal read
        for read in range(1, 2601):
            yield read - 1

    with Pool(2) as pool:
        with pytest.raises(ValueError) as caught:
            for _ in getattr(pool, stream.__name__)(item, source(), window=3000):
                assert read - taken <= 3000
                taken += 1
        assert caught.value.__notes__ == ["threadpool: item 2100 of the run"]
        pool.shutdown()
        stats = pool.stats()
    assert stream is threadpool.imap_unordered or taken == 2100
    assert stats.failed == 1
    assert stats.completed + stats.failed + stats.cancelled == read


@streams
def test_a_pool_that_is_shut_down_finishes_a_piece_that_is_cut(stream):
    inside, go = threading.Event(), threading.Event()

    def item(i):
        if i == 2000:
            inside.set()
            assert go.wait(30)
            busy(0.1)
        return i

    def shut_down():
        assert inside.wait(30)
        pool.shutdown(wait=False)
        go.set()

    pool = Pool(2)
    thread = threading.Thread(target=shut_down)
    thread.start()
    taken = []
    with pytest.raises(RuntimeError, match="was shut down"):
        taken.extend(getattr(pool, stream.__name__)(item, itertools.count(), window=5000))
    thread.join(30)
    assert sorted(taken) == list(range(len(taken)))
    assert pool.stats().completed == len(taken)


@streams
def test_nothing_of_a_piece_that_is_cut_starts_once_the_stream_was_left(stream):
    started = []

    def item(i):
        started.append(i)
        if i >= 2000:
            busy(0.02)
        return i

    with Pool(2) as pool:
        results = getattr(pool, stream.__name__)(item, itertools.count())
        for result in results:
            if result >= 2000:
                break
        del results
        pool.shutdown()
        stats = pool.stats()
    assert stats.completed + stats.cancelled >= len(started) == stats.completed


def test_a_queue_of_pieces_is_as_quick_when_it_is_long():
    """It takes minutes where the search for the first piece passes all that were removed."""
    pieces = Stream(threadpool.imap.__self__, abs, [], None).pieces
    for number in range(800_000):
        pieces[number] = 0.0
    while pieces:
        pieces.pop(next(iter(pieces)))
