"""What `progress=` means."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

# Called with (done, total): the total is None as long as it is not known.
Report = Callable[[int, Any], object]


def reporting(progress: bool | str | Report | None) -> AbstractContextManager[Report | None]:
    """Around what is reported on: gives the function to call, the user's or one that draws a bar; None for no progress.

    TypeError: progress is none of these; ImportError: there is no tqdm.
    """
    if progress is None or progress is False:
        return nullcontext()
    if callable(progress):
        return nullcontext(progress)
    if progress is not True and not isinstance(progress, str):
        raise TypeError(f"progress must be a bool, a description or a callable, not {type(progress).__name__!r}")
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError("progress needs tqdm: pip install 'threadpool-ft[progress]'") from error
    # Standard error may be closed; tqdm would fail to write to it.
    return _bar(tqdm, desc=progress if isinstance(progress, str) else None, unit="item", disable=sys.stderr is None)


@contextmanager
def _bar(tqdm: Any, **options: Any) -> Iterator[Report]:
    with tqdm(**options) as bar:
        yield lambda done, total: _advance(bar, done, total)


def _advance(bar: Any, done: int, total: int | None) -> None:
    bar.total = total
    bar.update(done - bar.n)
