"""What every worker of a pool is doing, for a person to read."""

from __future__ import annotations

import gc
import sys
import threading
import traceback
from types import FrameType
from typing import TextIO

from ._engine import Engine

_looking = threading.Lock()


def _current_frames() -> dict[int, FrameType]:
    """The frame that each thread is at.

    A collection meanwhile could hang the process when another thread starts (CPython gh-106883, up to 3.11.8).
    """
    with _looking:
        collects = sys.version_info < (3, 12) and gc.isenabled()
        if collects:
            gc.disable()
        try:
            return sys._current_frames()
        finally:
            if collects:
                gc.enable()


def dump(engine: Engine, file: TextIO | None = None) -> None:
    """Writes it to `file`, by default standard error."""
    out = sys.stderr if file is None else file
    if not hasattr(out, "write"):
        raise TypeError(f"file must be a text file, not {type(out).__name__!r}")
    figures = engine.figures()
    print(
        f"pool {engine.name!r}: {figures['workers']} of {engine.width} workers, {figures['busy']} busy, "
        f"{figures['queued']} tasks queued",
        file=out,
    )
    for number, (done, count, guests) in enumerate(engine.open_loops()):
        print(
            f"loop {number}, newest first: {done} of {count} items done, {guests} workers beside the caller", file=out
        )
    frames = _current_frames()
    for worker in engine.workers:
        activity = worker.activity
        doing = "idle" if activity is None else f"runs {getattr(activity, '__qualname__', activity)}"
        print(f"worker {worker.index} ({worker.thread.name}): {doing}", file=out)
        frame = frames.get(worker.thread.ident or 0)
        if activity is not None and frame is not None:
            print("".join(traceback.format_stack(frame)), end="", file=out)
