"""The digests of files, in order, while threads of the default pool read and hash what comes after."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Iterator

from ..pool import current_worker, lifecycle, workers
from ..pool._default import default
from ._files import Files
from ._table import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import FileIO

# How long results that are there may wait for names that are slow to come.
_PATIENCE_SECONDS = 0.001
_READ_BYTES = 256 * 1024


def digests(paths: Iterable[str], algorithm: str) -> Iterator[str | OSError]:
    """For every path the hex digest of the file, or the OSError that stands for it, in order.

    ``paths`` is read lazily, up to a thousand ahead of the results. What it raises is raised after the results of the
    paths before.
    """
    files = lifecycle.watched(Files(algorithm, workers()))
    iterator = iter(paths)
    at_end = False
    seconds = 0.0  # what the last name took to come
    error: Exception | None = None
    try:
        while True:
            while not at_end and not files.is_full:
                if seconds > _PATIENCE_SECONDS and files and _is_soon(files, seconds):
                    break
                started = time.perf_counter()
                try:
                    if files.put(os.fsencode(next(iterator))):
                        _send(files)
                except StopIteration:
                    at_end = True
                except Exception as caught:
                    error = caught
                    at_end = True
                seconds = time.perf_counter() - started
            if not files:
                break
            yield _first(files, algorithm)
        if error is not None:
            try:
                raise error
            finally:
                del error  # else it would be part of a cycle
    finally:
        files.cancel()


def _is_soon(files: Files, seconds: float) -> bool:
    """Whether the oldest result is there, or comes while one would wait for a name anyway."""
    return files.is_ready() or (_send_all(files) and files.wait(seconds))


def _first(files: Files, algorithm: str) -> str | OSError:
    """The oldest result, taken out when it is there."""
    while not files.is_ready():
        _send_all(files)
        # Threads that have not come by now may be waiting for something that this one holds.
        if files.first_is_waiting() and (files.waits or current_worker() is not None):
            files.help()
        else:
            files.waits = 0 if files.wait(math.inf) else files.waits + 1
    result = files.take()
    if isinstance(result, str):  # a pipe, or a terminal: nobody but who asks for it waits for that
        return _special_digest(result, algorithm)
    return result if isinstance(result, OSError) else result.hex()


def _send_all(files: Files) -> bool:
    """Has as many threads work as there is something for. False: none can be had."""
    while files.enlist():
        if not _send(files):
            return False
    return True


def _send(files: Files) -> bool:
    """Has a thread of the pool work, which was enlisted. False: it cannot be had."""
    from ..pool.future import Future

    try:
        Future(default._engine, _work, (files,), {}).queue(insist=True)
    except RuntimeError:  # the pool is that of the process which forked this one
        files.leave()
        return False
    return True


def _work(files: Files) -> None:
    try:
        while files.work():
            if current_worker() is not None:  # behind what else waits for this thread
                _send(files)
                break
    except BaseException:
        files.leave()
        raise


def _special_digest(path: str, algorithm: str) -> str | OSError:
    try:
        with open(path, "rb", buffering=0) as file:
            return _hexdigest(file, algorithm)
    except OSError as error:
        return OSError(error.errno, error.strerror, path)


def descriptor_digest(descriptor: int, algorithm: str) -> str:
    """The hex digest of what is still to be read from an open file. OSError: it cannot be read."""
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        return _hexdigest(file, algorithm)


def _hexdigest(file: FileIO, algorithm: str) -> str:
    stream = Stream(algorithm)
    buffer = bytearray(_READ_BYTES)
    view = memoryview(buffer)
    while size := file.readinto(buffer):
        stream.update(view[:size])
    return stream.digest().hex()
