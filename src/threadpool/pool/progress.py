"""What `progress=` means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Report = Callable[[int, int], object]


@contextmanager
def reporting(progress: bool | str | Report | None) -> Iterator[Report | None]:
    """A function to call with (done, total): the user's, or one that draws a bar; None for no progress."""
    if progress is None or progress is False:
        yield None
        return
    if callable(progress):
        yield progress
        return
    if progress is not True and not isinstance(progress, str):
        raise TypeError(f"progress must be a bool, a description or a callable, not {type(progress).__name__!r}")
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install 'threadpool-ft[progress]'") from error
    with tqdm(desc=progress if isinstance(progress, str) else None, unit="item") as bar:
        yield lambda done, total: _advance(bar, done, total)


def _advance(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
