"""The ways to run a function over data. `threadpool.run` and its siblings are these methods of the default pool."""

from __future__ import annotations

from ._run import Run, at_least_one

TYPE_CHECKING = False  # importing typing takes as long as importing half of this library
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Literal, TextIO, TypeVar, overload

    import numpy

    from ._engine import Engine

    _T = TypeVar("_T")
    _R = TypeVar("_R")
    _Progress = bool | str | Callable[[int, int], object]


class Mapper:
    """What has an engine to run things on."""

    _engine: Engine

    if TYPE_CHECKING:

        @overload
        def run(
            self,
            fn: Callable[[_T], _R],
            data: Iterable[_T],
            *,
            workers: int | None = None,
            chunk: int | None = None,
            errors: Literal["raise", "group"] = "raise",
            timeout: float | None = None,
            progress: _Progress = False,
        ) -> list[_R]: ...
        @overload
        def run(
            self,
            fn: Callable[[_T], _R],
            data: Iterable[_T],
            *,
            workers: int | None = None,
            chunk: int | None = None,
            errors: Literal["return"],
            timeout: float | None = None,
            progress: _Progress = False,
        ) -> list[_R | Exception]: ...

    def run(
        self,
        fn: Callable[[Any], Any],
        data: Iterable[Any],
        *,
        workers: int | None = None,
        chunk: int | None = None,
        errors: Literal["raise", "group", "return"] = "raise",
        timeout: float | None = None,
        progress: _Progress = False,
    ) -> list[Any]:
        """Calls ``fn(item)`` for every item of ``data``, on every core, and returns the results in the order of
        ``data``.

        >>> run(str.upper, ["a", "b", "c"])
        ['A', 'B', 'C']

        ``fn`` is any callable, or a kernel such as `threadpool.hashing.sha256`, which runs without the interpreter and
        so on every core on GIL builds too. Nothing is pickled or copied. ``data`` is any iterable; it is drained before
        anything starts. A NumPy array is walked along axis 0, as views; a range is not made into a list.

        The calling thread works too. Every item runs in a copy of the caller's context variables: what it sets, nobody
        else sees. Items of one run must not wait for each other.

        ``workers`` caps the threads of this call, the caller included; with 1 the items run in order on the caller,
        or, where the pool has an initializer, in one of its threads.
        ``chunk`` is the number of items that a thread takes at a time; by default one to four, and what a slow item
        keeps waiting is taken over by others.

        ``errors="raise"`` raises what a serial loop would have raised: the error of the lowest index, with a note that
        names it. Nothing above it is started any more, everything below it still runs. With ``"group"`` everything
        runs, and the errors are raised as one ``ExceptionGroup``; with ``"return"`` they stand in the list. What is no
        ``Exception`` (KeyboardInterrupt, SystemExit) always ends the run. The items in progress end first, and the pool
        remains usable. A kernel looks at all items before it does any, and raises what is wrong with one at once; with
        ``"group"`` and ``"return"`` it is called like any function.

        After ``timeout`` seconds nothing is started any more, and when the items in progress have ended, TimeoutError
        is raised; they can ask `cancelled`. It is not looked at while ``data`` is drained. ``progress=True``, or a
        description, draws a bar (tqdm, the extra ``progress``); a callable is called with ``(done, total)``, in the
        calling thread, ten times a second at the most and at the end.

        Safe to call from any thread, inside items (nested), and after a fork. TypeError: ``fn`` is not callable or
        ``data`` not iterable; ValueError: ``workers`` or ``chunk`` under 1, or an unknown ``errors``; RuntimeError: the
        pool was shut down.
        """
        if progress is None or progress is False:
            return Run(self._engine, fn, data, workers, chunk, errors, timeout)()
        return self._run_and_report(progress, fn, data, workers, chunk, errors, timeout)

    def starmap(
        self,
        fn: Callable[..., _R],
        data: Iterable[Iterable[Any]],
        *,
        workers: int | None = None,
        chunk: int | None = None,
        errors: Literal["raise", "group", "return"] = "raise",
        timeout: float | None = None,
        progress: _Progress = False,
    ) -> list[_R]:
        """Calls ``fn(*item)`` for every item of ``data``; otherwise as `run`.

        >>> starmap(pow, [(2, 3), (3, 2)])
        [8, 9]

        TypeError, also: ``fn`` is a kernel, which takes one input.
        """
        if progress is None or progress is False:
            return Run(self._engine, fn, data, workers, chunk, errors, timeout, None, True)()
        return self._run_and_report(progress, fn, data, workers, chunk, errors, timeout, True)

    def _run_and_report(
        self, progress: Any, fn: Any, data: Any, workers: Any, chunk: Any, errors: Any, timeout: Any, star: bool = False
    ) -> list[Any]:
        from .progress import reporting

        with reporting(progress) as report:
            return Run(self._engine, fn, data, workers, chunk, errors, timeout, report, star)()

    def map_blocks(
        self,
        fn: Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]],
        array: numpy.ndarray[Any, Any],
        *,
        axis: int = 0,
        block: int | None = None,
        out: numpy.ndarray[Any, Any] | None = None,
    ) -> numpy.ndarray[Any, Any]:
        """Calls ``fn(view)`` for blocks of a NumPy array and joins the results, which are arrays, along ``axis``.

        >>> import numpy
        >>> map_blocks(numpy.sqrt, numpy.array([1.0, 4.0, 9.0]), block=1)
        array([1., 2., 3.])

        A block is ``block`` elements along ``axis`` (the last one may be shorter) and all of the other axes, as a view;
        by default so many that block and result fit in a core's cache. Any dtype; results of subclasses, and of other
        lengths or dtypes than their blocks, are concatenated as by NumPy. With ``out``, of the length of ``array``
        along ``axis``, the results are written to it, and it is returned; it may be ``array`` itself, but not overlap
        it otherwise.

        ``fn`` runs on every core at once: where it lets go of the GIL, as NumPy does, on GIL builds too. Errors of
        ``fn`` are raised as by `run`. ValueError: results that cannot be joined, an ``axis`` or ``block`` out of range,
        an ``out`` of another shape or dtype, or read-only; TypeError: ``array``, ``out`` or a result is no array.
        """
        from .blocks import map_blocks

        return map_blocks(self._engine, fn, array, axis, block, out)  # type: ignore[no-any-return]

    def imap(self, fn: Callable[[_T], _R], iterable: Iterable[_T], *, window: int | None = None) -> Iterator[_R]:
        """Yields ``fn(item)`` for every item, in order, while the input is still being read.

        >>> list(imap(abs, iter([-1, -2])))
        [1, 2]

        Input of any length in bounded memory: at most ``window`` items have been read whose results have not been
        taken; by default a few for each thread, more where they take microseconds. The input is read in the consumer's
        thread, as it asks for results; one that waits for results of items before it, such as a queue that they feed,
        needs ``window=1``. Items run in threads of the pool; in the consumer's only where those might not come: it is
        a thread of a pool itself, or nothing has ended for half a second. Several small items are done in one go, so
        none may wait for the result of another one to be taken. Every item sees the context variables of who called
        `imap`.

        An item's error is raised at its place and ends the iteration, and so does one of the iterable. Leaving the
        iteration cancels what is in flight: what has not started never does, and what is in progress can ask
        `cancelled`. For one consumer at a time. TypeError: ``fn`` is not callable or ``iterable`` not iterable;
        ValueError: ``window`` under 1.
        """
        return self._stream(fn, iterable, window).results()  # type: ignore[no-any-return]

    def imap_unordered(
        self, fn: Callable[[_T], _R], iterable: Iterable[_T], *, window: int | None = None
    ) -> Iterator[_R]:
        """Yields ``fn(item)`` for every item as the results come; otherwise as `imap`.

        >>> sorted(imap_unordered(abs, [-2, -1]))
        [1, 2]
        """
        return self._stream(fn, iterable, window).results_as_they_end()  # type: ignore[no-any-return]

    def _stream(self, fn: Any, iterable: Any, window: Any) -> Any:
        from .stream import Stream

        return Stream(self, fn, iterable, None if window is None else at_least_one("window", window))

    async def run_async(
        self,
        fn: Callable[[_T], _R],
        data: Iterable[_T],
        *,
        workers: int | None = None,
        chunk: int | None = None,
        errors: Literal["raise", "group", "return"] = "raise",
        timeout: float | None = None,
        progress: _Progress = False,
    ) -> list[_R]:
        """`run`, awaited: the event loop goes on meanwhile.

        >>> import asyncio
        >>> asyncio.run(run_async(abs, [-1, -2]))
        [1, 2]

        ``data`` is drained in a thread of the pool, unless it is a list, tuple, range or array, and a ``progress``
        callable is called there. Cancelling the await cancels the run: nothing is started any more, and the await ends
        when the items in progress have; they can ask `cancelled`. Cancelled again, it ends at once. Works on any event
        loop of asyncio's, also on several at once, and inside a task of the same pool, which gets a thread more for it.
        """
        from .aio import run_async

        options = {"workers": workers, "chunk": chunk, "errors": errors, "timeout": timeout}
        return await run_async(self._engine, fn, data, progress, options)

    def dump(self, file: TextIO | None = None) -> None:
        """Writes what every worker is doing to ``file``, by default standard error: queue, open loops, stacks.

        For finding out why a program hangs. Thread-safe; what it shows is not all of one moment.
        """
        from .dump import dump

        dump(self._engine, file)
