"""Hashing files and folders: many at a time, each read and hashed without the interpreter."""

import os
from collections.abc import Callable, Iterable, Iterator

from ._table import digest_sizes
from .digests import digests

Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]
OnError = Callable[[OSError], object]


def hash_files(
    paths: Iterable[Path], algorithm: str = "sha256", *, onerror: OnError | None = None
) -> Iterator[tuple[str, str]]:
    """Yields ``(path, hexdigest)`` for every path, in the order of ``paths``.

    The files are read and hashed on every core, in threads that need no interpreter, also on GIL builds; memory is
    64 KiB for each thread, however large the files. ``algorithm`` is ``"sha256"`` (FIPS 180-4). A file that cannot be
    read raises its OSError when its turn comes; with ``onerror``, that is called with the OSError, whose ``filename``
    is the path, and the others go on. ValueError: an unknown algorithm, or a path with a null character. Nothing is
    read before the first result is asked for. Safe to call from any thread.
    """
    _check(algorithm, onerror)
    if isinstance(paths, (str, bytes, os.PathLike)):
        raise TypeError(f"paths must be an iterable of paths, not one: {paths!r}")
    try:
        names = list(paths)
    except TypeError:
        raise TypeError(f"paths must be an iterable of paths, not {type(paths).__name__!r}") from None
    return _hash_files([_path(f"paths[{index}]", name) for index, name in enumerate(names)], algorithm, onerror)


def _check(algorithm: str, onerror: OnError | None) -> None:
    if algorithm not in digest_sizes:
        raise ValueError(f"algorithm must be one of {', '.join(map(repr, digest_sizes))}, not {algorithm!r}")
    if onerror is not None and not callable(onerror):
        raise TypeError(f"onerror must be callable, not {type(onerror).__name__!r}")


def _path(name: str, path: Path) -> str:
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise TypeError(f"{name} must be a path (str, bytes or os.PathLike), not {type(path).__name__!r}") from None
    if "\0" in text:
        raise ValueError(f"{name} must be a path without null characters, not {text!r}")
    return text


def _hash_files(paths: list[str], algorithm: str, onerror: OnError | None) -> Iterator[tuple[str, str]]:
    for path, result in zip(paths, digests(paths, algorithm), strict=True):
        if isinstance(result, str):
            yield path, result
        elif onerror is None:
            raise result
        else:
            onerror(result)


def hash_tree(folder: Path, algorithm: str = "sha256", *, onerror: OnError | None = None) -> Iterator[tuple[str, str]]:
    """Yields ``(path, hexdigest)`` for every regular file below ``folder``, sorted by the bytes of the path.

    The same files, in the same order, as ``find folder -type f | LC_ALL=C sort``: symbolic links are not followed,
    sockets, pipes and devices are left out. Every path begins with ``folder`` as it was given. A folder that cannot be
    listed is an error like a file that cannot be read; for these, and for ``algorithm``, see `hash_files`. The folders
    are listed before this returns.
    """
    _check(algorithm, onerror)
    return _hash_files(sorted(regular_files(_path("folder", folder), onerror), key=os.fsencode), algorithm, onerror)


def regular_files(folder: str, onerror: OnError | None = None) -> Iterator[str]:
    """The regular files below a folder, in no particular order."""
    folders = [folder]  # rather than recursion, which a deep tree would exhaust
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        yield entry.path
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError as error:
            if onerror is None:
                raise
            onerror(error)
