"""The functions of the default pool."""

from __future__ import annotations

from ._default import engine

TYPE_CHECKING = False  # importing typing takes as long as importing half of this library
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Literal, TypeVar, overload

    _T = TypeVar("_T")
    _R = TypeVar("_R")

if TYPE_CHECKING:

    @overload
    def run(
        fn: Callable[[_T], _R],
        data: Iterable[_T],
        *,
        workers: int | None = None,
        chunk: int | None = None,
        errors: Literal["raise", "group"] = "raise",
    ) -> list[_R]: ...
    @overload
    def run(
        fn: Callable[[_T], _R],
        data: Iterable[_T],
        *,
        workers: int | None = None,
        chunk: int | None = None,
        errors: Literal["return"],
    ) -> list[_R | Exception]: ...


def run(
    fn: Callable[[Any], Any],
    data: Iterable[Any],
    *,
    workers: int | None = None,
    chunk: int | None = None,
    errors: Literal["raise", "group", "return"] = "raise",
) -> list[Any]:
    """Calls ``fn(item)`` for every item of ``data``, on every core, and returns the results in the order of ``data``.

    >>> run(str.upper, ["a", "b", "c"])
    ['A', 'B', 'C']

    ``fn`` is any callable, or a kernel such as `threadpool.hashing.sha256`, which runs without the interpreter and so
    on every core on GIL builds too. Nothing is pickled or copied. ``data`` is any iterable; it is drained before
    anything starts. A NumPy array is walked along axis 0, as views; a range is not made into a list.

    The calling thread works too. Every item runs in a copy of the caller's context variables: what it sets, nobody
    else sees. Items of one run must not wait for each other.

    ``workers`` caps the threads of this call, the caller included; with 1 the items run in order on the caller.
    ``chunk`` is the number of items that a thread takes at a time; by default one to four, and what a slow item keeps
    waiting is taken over by others.

    ``errors="raise"`` raises what a serial loop would have raised: the error of the lowest index, with a note that
    names it. Nothing above it is started any more, everything below it still runs. With ``"group"`` everything runs,
    and the errors are raised as one ``ExceptionGroup``; with ``"return"`` they stand in the list. What is no
    ``Exception`` (KeyboardInterrupt, SystemExit) always ends the run. The items in progress end first, and the pool
    remains usable. Kernels stop at the lowest error, whatever ``errors`` says.

    Safe to call from any thread, inside items (nested), and after a fork. TypeError: ``fn`` is not callable or ``data``
    not iterable; ValueError: ``workers`` or ``chunk`` under 1, or an unknown ``errors``.
    """
    return engine().run(fn, data, workers, chunk, errors)
