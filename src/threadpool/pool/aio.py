"""Runs for asyncio: a run that is a task of the pool, with a handle to cancel it."""

from __future__ import annotations

import asyncio
from typing import Any

from ._engine import Engine
from ._run import Handle, Run
from .future import Future
from .progress import reporting


async def run_async(engine: Engine, fn: Any, data: Any, progress: Any, options: dict[str, Any]) -> list[Any]:
    """See `Mapper.run_async`."""
    if isinstance(data, list):
        data = tuple(data)  # as it is now; what else is iterable is drained by the thread that runs it
    handle = Handle()
    future: Future[list[Any]] = Future(engine, _run, (engine, fn, data, progress, options, handle), {})
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def notify(_: Any) -> None:
        try:
            loop.call_soon_threadsafe(ended.set)
        except RuntimeError:  # the loop has been closed: nobody waits any more
            pass

    future.add_done_callback(notify)
    try:
        future.queue(insist=True)  # to wait for room would block the event loop
        await ended.wait()
    except BaseException as error:  # also Ctrl-C, or that the event loop was closed
        handle.cancel()
        if not future.cancel() and isinstance(error, asyncio.CancelledError):
            # As in a nursery: what was started has ended when the await does. A second cancellation does not wait.
            await ended.wait()
        raise
    try:
        return future.result()
    finally:
        del future  # else an error, whose traceback holds this frame, would be part of a cycle


def _run(engine: Engine, fn: Any, data: Any, progress: Any, options: dict[str, Any], handle: Handle) -> list[Any]:
    with reporting(progress) as report:
        return Run(engine, fn, data, report=report, handle=handle, **options)()
