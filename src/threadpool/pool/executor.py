"""Pool: threads of one's own, as an executor of concurrent.futures."""

from __future__ import annotations

import concurrent.futures
import itertools
import operator
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, ParamSpec, TypeVar

from . import lifecycle
from ._engine import Engine
from ._run import at_least_one, seconds
from .future import Future
from .mapper import Mapper
from .stats import Stats
from .width import MOST_WORKERS
from .width import workers as default_workers

_P = ParamSpec("_P")
_R = TypeVar("_R")

_numbers = itertools.count(1)


class Pool(Mapper, concurrent.futures.Executor):
    """Threads of one's own, with what `threadpool` offers as functions, and the interface of a
    concurrent.futures.Executor.

    >>> with Pool(2) as pool:
    ...     pool.submit(pow, 2, 10).result()
    1024

    ``workers``: how many threads, by default `threadpool.workers`. They start when they are first needed, and end after
    ``idle_timeout`` seconds without work (None: never), or with the pool. They are named ``name`` and a number.

    ``initializer(*initargs)`` is called in each of them first; should it raise, the pool is broken, and all that was
    submitted fails with `concurrent.futures.thread.BrokenThreadPool`. With an initializer threads do not expire, and a
    caller of `run`, whose thread has not been initialized, waits rather than works.

    Without one, a thread of any pool that waits, without a timeout, for a Future that is still queued runs that task
    itself: one worker alone does not see to it that no two tasks run at once. An initializer does, or a lock in the
    tasks.

    ``max_queue``: how many submitted calls may wait; then submit waits for room (``when_full="block"``) or raises
    `threadpool.errors.QueueFull` (``"raise"``). Threads of pools never wait.

    Every method is safe to call from any thread. A pool that is forgotten ends like one that is shut down; at the
    interpreter's end all do. A forked child has the pool, with threads of its own and nothing queued; shut down, if it
    was. TypeError and ValueError name the argument.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        name: str | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        idle_timeout: float | None = 60.0,
        max_queue: int | None = None,
        when_full: Literal["block", "raise"] = "block",
    ) -> None:
        if initializer is not None and not callable(initializer):
            raise TypeError(f"initializer must be callable, not {type(initializer).__name__!r}")
        try:
            initargs = tuple(initargs)
        except TypeError:
            raise TypeError(f"initargs must be a tuple, not {type(initargs).__name__!r}") from None
        if idle_timeout is not None:
            idle_timeout, given = seconds("idle_timeout", idle_timeout), idle_timeout
            if given < 0:
                raise ValueError(f"idle_timeout must be 0 or more seconds, or None, not {given!r}")
        if when_full not in ("block", "raise"):
            raise ValueError(f"when_full must be 'block' or 'raise', not {when_full!r}")
        self._settings = (
            default_workers() if workers is None else _width(workers),
            f"threadpool-{next(_numbers)}" if name is None else str(name),
            initializer,
            initargs,
            None if initializer is not None else idle_timeout,
            None if max_queue is None else at_least_one("max_queue", max_queue),
            when_full == "raise",
        )
        self._is_shut_down = False
        self.renew_after_fork()
        lifecycle.renewed_after_fork(self)

    def renew_after_fork(self) -> None:
        """Makes a new engine. For `lifecycle` only."""
        self._engine = lifecycle.watched(Engine(*self._settings))
        # Threads know the engine, and not the pool, which so can be forgotten.
        weakref.finalize(self, self._engine.stop).atexit = False
        if self._is_shut_down:
            self._engine.stop(True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._engine.name!r} of {self._engine.width} workers>"

    @property
    def _max_workers(self) -> int:
        """The width, by the name that Dask looks for."""
        return self._engine.width

    def submit(self, fn: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_R]:
        """Queues ``fn(*args, **kwargs)`` and returns its Future.

        It runs in a copy of the submitter's context variables. A thread of a pool that waits for a Future that nobody
        has started runs it itself, so pools whose tasks wait for one another do not hang; but not with an initializer,
        nor if the wait has a timeout. Where no thread can be started the call runs here. RuntimeError: the pool was
        shut down; QueueFull.
        """
        if not callable(fn):
            raise TypeError(f"fn must be callable, not {type(fn).__name__!r}")
        future: Future[_R] = Future(self._engine, fn, args, kwargs)
        future.queue()
        return future

    def map(
        self,
        fn: Callable[..., _R],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        buffersize: int | None = None,
    ) -> Iterator[_R]:
        """Yields ``fn(*items)`` in order, as `concurrent.futures.Executor.map` does.

        All of the input is read, and its calls queued, before this returns; at most ``buffersize`` ahead of the
        results, where that is given. TimeoutError: a result is not there ``timeout`` seconds after the call of `map`.
        ``chunksize`` items run as one task. See also `run`, which returns a list and costs less.
        """
        from .stream import map_eagerly

        size = at_least_one("chunksize", chunksize)
        buffer = None if buffersize is None else at_least_one("buffersize", buffersize)
        wait = None if timeout is None else seconds("timeout", timeout)
        return map_eagerly(self, fn, iterables, wait, size, buffer)

    def broadcast(self, fn: Callable[..., _R], /, *args: Any) -> list[_R]:
        """Calls ``fn(*args)`` once on every worker, starting those that are not there; the results by index.

        Each does it when it has finished what it is at. An error is raised when all have done it. Not for the pool's
        own threads: RuntimeError.
        """
        self._refuse_own_thread("broadcast")
        if not callable(fn):
            raise TypeError(f"fn must be callable, not {type(fn).__name__!r}")
        futures: list[Future[_R]] = []
        for index in range(self._engine.width):
            future: Future[_R] = Future(self._engine, fn, args, {})
            if future.post(index):
                futures.append(future)
        concurrent.futures.wait(futures)
        return [future.result() for future in futures]

    def resize(self, workers: int) -> None:
        """Changes the number of workers. Those beyond it end when they have finished what they are at.

        Not for the pool's own threads: RuntimeError.
        """
        self._refuse_own_thread("resize")
        width = _width(workers)
        self._settings = (width, *self._settings[1:])
        self._engine.resize(width)

    def stats(self) -> Stats:
        """What the pool has done so far, and is doing."""
        return Stats.of(self._engine.figures())

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more work, finishes what was submitted, and ends the threads; with ``wait``, returns after that.

        With ``cancel_futures`` what has not started is cancelled. Runs in other threads end with the items in progress,
        and raise RuntimeError. May be called again. With ``wait`` not for the pool's own threads: RuntimeError.
        """
        if wait:
            self._refuse_own_thread("shutdown(wait=True)")
        self._is_shut_down = True
        self._engine.stop(True)
        if cancel_futures:
            self._engine.cancel_queued()
        if wait:
            self._engine.join()

    def _refuse_own_thread(self, method: str) -> None:
        if self._engine.is_current():
            raise RuntimeError(f"{method} waits for the pool's threads, so they cannot call it")


def _width(workers: int) -> int:
    try:
        number = operator.index(workers)
    except TypeError:
        raise TypeError(f"workers must be an integer, not {type(workers).__name__!r}") from None
    if not 1 <= number <= MOST_WORKERS:
        raise ValueError(f"workers must be from 1 to {MOST_WORKERS}, not {number}")
    return number
