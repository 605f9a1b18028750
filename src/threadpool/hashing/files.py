"""Hashing files and folders: many at a time, each read and hashed without the interpreter."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sized

from ..files.delivery import Progress, deliver
from ..files.paths import Path, decoded
from ..files.tree import regular_files
from ._table import digest_sizes
from .digests import digests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    _T = TypeVar("_T")

OnError = Callable[[OSError], object]


def hash_files(
    paths: Iterable[Path], algorithm: str = "sha256", *, onerror: OnError | None = None, progress: Progress = False
) -> Iterator[tuple[str, str]]:
    """Yields ``(path, hexdigest)`` for every path, in the order of ``paths``.

    The files are read and hashed on every core, in threads that need no interpreter, also on GIL builds: several at a
    time in each thread, so that a large one does not hold back the small ones. Memory is 1 MiB for each thread, however
    large the files and however many: ``paths`` is read as results are asked for, a thousand ahead of them, and may be
    endless. ``algorithm`` is the name of a kernel of this module; a CRC has eight digits.

    A file that changes meanwhile gives the digest of what was read, up to where it ended when it was opened. A pipe, or
    what else is no regular file, is read when its turn comes, and waited for then.

    A file that cannot be read raises its OSError when its turn comes; with ``onerror``, that is called with the
    OSError, whose ``filename`` is the path, and the others go on. A path that is none, or has a null character, raises
    TypeError or ValueError when its turn comes.

    ``progress=True``, or a description, draws a bar (tqdm, the extra ``progress``); a callable is called with
    ``(done, total)`` by the thread that asks for results, ten times a second at the most and at the end. ``total`` is
    None until the end where ``paths`` has no length.

    TypeError: ``paths`` is one path, or not iterable; ValueError: an unknown algorithm. Nothing is read before the
    first result is asked for. Safe to call from any thread.
    """
    check_algorithm(algorithm)
    if isinstance(paths, (str, bytes, os.PathLike)):
        raise TypeError(f"paths must be an iterable of paths, not one: {paths!r}")
    try:
        iterator = iter(paths)
    except TypeError:
        raise TypeError(f"paths must be an iterable of paths, not {type(paths).__name__!r}") from None
    names = (decoded(f"paths[{index}]", path) for index, path in enumerate(iterator))
    total = len(paths) if isinstance(paths, Sized) else None
    return deliver(hashed(names, str, algorithm), onerror, progress, total)


def hash_tree(
    folder: Path, algorithm: str = "sha256", *, onerror: OnError | None = None, progress: Progress = False
) -> Iterator[tuple[str, str]]:
    """Yields ``(path, hexdigest)`` for every regular file below ``folder``, sorted by the bytes of the path.

    The same files, in the same order, as ``find folder -type f | LC_ALL=C sort``: symbolic links are not followed,
    but for ``folder`` itself; sockets, pipes and devices are left out. Every path begins with ``folder`` as it was
    given. The tree is walked as results are asked for, and memory is that of the folders on the way, however many files
    there are. A folder that cannot be listed is an error at its place, like a file that cannot be read, or that has
    vanished since; for these and for the rest see `hash_files`. The total that ``progress`` is told is None until the
    end.
    """
    check_algorithm(algorithm)
    return deliver(hashed(regular_files(decoded("folder", folder)), str, algorithm), onerror, progress)


def hashed(
    items: Iterable[_T | Exception], path: Callable[[_T], str], algorithm: str
) -> Generator[tuple[_T, str] | Exception]:
    """Every item beside the digest of the file that it names, or the OSError why there is none.

    An exception among the items comes out at its place.
    """
    read: deque[_T | Exception] = deque()

    def paths() -> Iterator[str]:
        for item in items:
            read.append(item)
            # An exception goes through as the name that no file has: so what is read ahead is bounded with them too.
            yield "" if isinstance(item, Exception) else path(item)

    for digest in digests(paths(), algorithm):
        item = read.popleft()
        if isinstance(item, Exception):
            yield item
        elif isinstance(digest, OSError):
            yield digest
        else:
            yield item, digest


def check_algorithm(algorithm: str) -> None:
    names = list(digest_sizes)
    if algorithm not in names:
        raise ValueError(f"algorithm must be one of {', '.join(map(repr, names))}, not {algorithm!r}")
