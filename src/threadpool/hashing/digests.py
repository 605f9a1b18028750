"""The digests of files, in order, while threads of the default pool read and hash what comes after."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator

from ..pool import current_worker, workers
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
    files = Files(algorithm, workers())
    iterator = iter(paths)
    at_end = False
    is_slow = False
    error: Exception | None = None
    try:
        while True:
            while not at_end and not files.is_full and not (is_slow and files and files.is_ready()):
                started = time.perf_counter()
                try:
                    path = next(iterator)
                except StopIteration:
                    at_end = True
                except Exception as caught:
                    error = caught
                    at_end = True
                else:
                    if files.put(os.fsencode(path)):
                        _send(files)
                is_slow = time.perf_counter() - started > _PATIENCE_SECONDS
            if not files:
                break
            yield _first(files, algorithm)
        if error is not None:
            try:
                raise error
            finally:
                del error  # else it would be part of a cycle
    finally:
        files.stop()


def _first(files: Files, algorithm: str) -> str | OSError:
    """The oldest result, taken out when it is there."""
    waits = 0
    while not files.is_ready():
        while files.enlist():
            _send(files)
        # Threads that have not come by now may be waiting for something that this one holds.
        if files.first_is_waiting() and (waits or current_worker() is not None):
            files.help()
        elif not files.wait():
            waits += 1
    result = files.take()
    if isinstance(result, str):  # a pipe, or a terminal: nobody but who asks for it waits for that
        return _special_digest(result, algorithm)
    return result if isinstance(result, OSError) else result.hex()


def _send(files: Files) -> None:
    """Has a thread of the pool work, which was enlisted."""
    from ..pool.future import Future

    try:
        Future(default._engine, _work, (files,), {}).queue(insist=True)
    except RuntimeError:  # no thread can be had any more
        files.leave()


def _work(files: Files) -> None:
    while files.work():
        if default._engine.is_stopping():  # the interpreter ends; who still wants the rest does it
            files.leave()
            break
        if current_worker() is not None:  # behind what else waits for this thread
            _send(files)
            break


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
