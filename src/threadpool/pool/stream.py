"""Streams: results that come while the input is still being read, with a bounded number of items in between.

The consumer's thread reads the input and cuts it into pieces, which the pool works through. A piece is so large that it
takes half a millisecond, which hides what it costs, or one item where that takes longer; one that proves slower is cut
into more. The consumer does none of them itself, unless nobody else can, or none has ended for half a second: else
results that are there come at once.
"""

from __future__ import annotations

import collections

# For what a thread raises whose piece is not wanted any more. When it imports that itself after an interrupt, CPython
# forgets, for the exit code, that the program was interrupted: an import that evals a string does so, in any thread.
import concurrent.futures  # noqa: F401
import contextvars
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ._piece import PIECE_NANOSECONDS, Gate, Piece, now
from ._run import check_open
from .mapper import Mapper

_GROWTH = 8  # from one piece to the next, at the most
_LARGEST_PIECE = 1024
# Pieces in flight until it is known how large they should be, or more where the pool has many threads.
_FIRST_PIECES = 100
# How long results that are there may wait for an input that is slow.
_PATIENCE_SECONDS = 0.001
# Pieces in flight for each thread: one it works at, and some that wait, or whose results do.
_PIECES_PER_THREAD = 4


class Stream:
    """Reads the input ahead of the results: at most `window` items, or a few pieces for each thread.

    `size`: of all pieces; None adapts it.
    """

    def __init__(
        self,
        pool: Mapper,
        fn: Callable[[Any], Any],
        iterable: Iterable[Any],
        window: float | None,
        size: int | None = None,
    ) -> None:
        if not callable(fn):
            raise TypeError(f"fn must be callable, not {type(fn).__name__!r}")
        try:
            self.iterator = iter(iterable)
        except TypeError:
            raise TypeError(f"iterable must be iterable, not {type(iterable).__name__!r}") from None
        self.pool = pool  # which ends when it is forgotten
        self.engine = pool._engine
        check_open(self.engine)
        self.fn = fn
        self.context = contextvars.copy_context()
        self.gate = Gate()
        pieces = _PIECES_PER_THREAD * self.engine.width
        self.window = math.inf if window is None else window
        self.most_pieces = pieces if window is None else math.inf
        self.adapts = size is None
        self.few_pieces = min(max(pieces, _FIRST_PIECES), self.most_pieces)
        self.grows = self.adapts  # the size, which is too small yet for a large window
        self.largest = _LARGEST_PIECE if window is None else max(1, int(min(window / pieces, _LARGEST_PIECE)))
        self.size = 1 if size is None else int(min(size, self.window))
        self.first = 0
        self.items_in_flight = 0
        # In the order they were read, with the seconds that took. A dict's first would be looked for among all removed.
        self.pieces: collections.OrderedDict[Piece, float] = collections.OrderedDict()
        self.read_seconds = 0.0  # what the last piece took to read
        self.at_end = False  # then the iterator is asked no more: it might not say the same again
        self.error: Exception | None = None  # why there is no more to read: raised in its turn, after all results

    def read(self) -> bool:
        """Reads and queues as many pieces as there is room for, unless the input is slow and there are results to give
        out meanwhile. False: none are in flight, all has been read."""
        seconds = self.read_seconds  # an input that was slow is not asked before what is there has been given out
        while not self.at_end and len(self.pieces) < (self.few_pieces if self.grows else self.most_pieces):
            if self.adapts and seconds > _PATIENCE_SECONDS and self.pieces and self.gate.is_ready(self.pieces):
                break
            # With little room rather wait for more than cut pieces that cost more than they take.
            if self.items_in_flight and self.items_in_flight + self.size > self.window:
                break
            items: list[Any] = []
            started = now()
            try:
                items.extend(itertools.islice(self.iterator, self.size))
            except Exception as error:
                self.error = error
            self.read_seconds = now() - started
            seconds += self.read_seconds
            self.at_end = len(items) < self.size
            if items:
                self._queue(items)
        return bool(self.pieces)

    def _queue(self, items: list[Any]) -> None:
        piece = Piece(self.engine, self.gate, self.fn, items, self.context, self.first, self.adapts)
        self.pieces[piece] = self.read_seconds
        try:
            piece.queue()
        except RuntimeError as error:  # the pool has been shut down
            del self.pieces[piece]
            self.error = error
            self.at_end = True
        else:
            self.first += len(items)
            self.items_in_flight += len(items)

    def take(self, piece: Piece) -> Iterator[Any]:
        """The results of a piece that has ended, each let go as it is taken."""
        nanoseconds = max(piece.nanoseconds, int(1e9 * self.pieces.pop(piece)))
        self.items_in_flight -= piece.count
        for part in reversed(piece.rest):
            self.pieces[part] = 0.0
            self.pieces.move_to_end(part, last=False)
        if piece.rest:
            self.size = min(self.size, piece.rest[0].count)
        # Pieces of another size were read before it changed: those it grew from, or has shrunk for already.
        if self.adapts and piece.count == self.size:
            if nanoseconds > 2 * PIECE_NANOSECONDS:
                self.size = max(1, self.size // 2)
            self.grows = nanoseconds < PIECE_NANOSECONDS // 2 and self.size < self.largest
            if self.grows:
                self.size = min(self.size * min(_GROWTH, PIECE_NANOSECONDS // (nanoseconds + 1)), self.largest)
        results = piece.results
        results.reverse()
        return map(results.pop, itertools.repeat(-1, len(results)))

    def results(self, deadline: float = math.inf) -> Iterator[Any]:
        """The results in the order of the input. TimeoutError: the next is not there at the deadline, by `now`."""
        try:
            while self.read():
                piece = self.gate.wait(self.pieces, deadline)
                if piece is None:
                    raise TimeoutError(f"item {self.first - self.items_in_flight} is not done in time")
                yield from self.take(piece)
                piece.raise_error()
            self.raise_error()
        finally:
            self.close()

    def results_as_they_end(self) -> Iterator[Any]:
        """The results as they come, in whatever order."""
        self.gate.keep_finished()
        return self.results()

    def raise_error(self) -> None:
        error, self.error = self.error, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # else it would be part of a cycle

    def close(self) -> None:
        """Nothing that was read and has not started will be; what is in progress may end early."""
        for piece in self.pieces:
            piece.withdraw()
        self.pieces.clear()


def map_eagerly(
    pool: Mapper,
    fn: Callable[..., Any],
    iterables: tuple[Iterable[Any], ...],
    timeout: float | None,
    chunksize: int,
    buffersize: int | None,
) -> Iterator[Any]:
    """`concurrent.futures.Executor.map`: reads all of its input, or `buffersize` items, before it returns."""
    deadline = math.inf if timeout is None else now() + timeout
    if len(iterables) == 1:
        stream = Stream(pool, fn, iterables[0], buffersize or math.inf, chunksize)
    else:
        stream = Stream(pool, _Star(fn), zip(*iterables, strict=False), buffersize or math.inf, chunksize)
    try:
        stream.read()
    except BaseException:
        stream.close()
        raise
    return stream.results(deadline)


class _Star:
    """fn, called with the items of a tuple as its arguments."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        if not callable(fn):
            raise TypeError(f"fn must be callable, not {type(fn).__name__!r}")
        self.fn = fn

    def __call__(self, arguments: tuple[Any, ...]) -> Any:
        return self.fn(*arguments)
