"""How results reach the caller: errors at their place are raised or handed over, and progress is told of."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from time import monotonic

TYPE_CHECKING = False  # typing, and what progress needs, take as long to import as half of this library
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import TypeVar

    from ..pool.progress import Report

    _T = TypeVar("_T")

Progress = bool | str | Callable[[int, int | None], object] | None

_REPORT_SECONDS = 0.1


def deliver(
    results: Generator[_T | Exception],
    onerror: Callable[..., object] | None,
    progress: Progress,
    total: int | None = None,
) -> Iterator[_T]:
    """The results; exceptions among them are raised, or handed to ``onerror``. `total`: how many, where it is known."""
    if onerror is not None and not callable(onerror):
        raise TypeError(f"onerror must be callable, not {type(onerror).__name__!r}")
    if progress is not None and progress is not False:
        from ..pool.progress import reporting

        results = _reported(results, reporting(progress), total)
    return _deliver(results, onerror)


def _deliver(results: Generator[_T | Exception], onerror: Callable[..., object] | None) -> Iterator[_T]:
    try:
        for result in results:
            if not isinstance(result, Exception):
                yield result
            elif onerror is None:
                try:
                    raise result
                finally:
                    del result
            else:
                onerror(result)
    finally:
        # With an error all of it would be part of a cycle, and what is in progress would go on until that is collected.
        results.close()
        del results


def _reported(
    results: Generator[_T], reporting: AbstractContextManager[Report | None], total: int | None
) -> Generator[_T]:
    with reporting as report:
        assert report is not None
        done = 0
        next_report = 0.0
        for result in results:
            done += 1
            if done != total and monotonic() >= next_report:
                report(done, total)
                next_report = monotonic() + _REPORT_SECONDS
            yield result
        report(done, done)
