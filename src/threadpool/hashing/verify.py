"""Verifying files against a manifest."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Generator, Iterable, Iterator

from ..files.delivery import Progress, deliver
from ..files.paths import Path, decoded
from .files import check_algorithm, hashed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from ..errors import ManifestError


def verify(
    manifest: Path | BinaryIO,
    algorithm: str = "sha256",
    *,
    onerror: Callable[[OSError | ManifestError], object] | None = None,
    progress: Progress = False,
) -> Iterator[tuple[str, bool]]:
    """Yields ``(path, matches)`` for every file that a manifest lists, in its order.

    ``manifest`` is a path, or a file opened for reading bytes, which may be a pipe: it is read as results are asked
    for, in bounded memory. Its lines are such as ``threadpool hash`` and ``sha256sum``, with ``--tag`` or without,
    print, and all that ``sha256sum --check`` of GNU coreutils 9 accepts. Paths are relative to the current directory,
    and may lead anywhere.

    A file that cannot be read raises its OSError when its turn comes, a malformed line
    `threadpool.errors.ManifestError`; with ``onerror``, that is called with the exception, and the others go on. That
    the manifest itself cannot be read is raised in any case. ``progress`` as in `hash_files`; the total is None until
    the end.

    TypeError: ``manifest`` is neither; ValueError: an unknown algorithm. Nothing is opened or read before the first
    result is asked for. Safe to call from any thread.
    """
    check_algorithm(algorithm)
    if isinstance(manifest, (str, bytes, os.PathLike)):
        name = decoded("manifest", manifest)
        lines: Iterable[bytes] = _lines(name)
    elif hasattr(manifest, "read") and isinstance(manifest, Iterable) and not isinstance(manifest, io.TextIOBase):
        # What has no name, or a number as pipes have, is called what it is.
        name = manifest.name if isinstance(getattr(manifest, "name", None), str) else "manifest"
        lines = manifest
    else:
        raise TypeError(f"manifest must be a path or a file of bytes, not {type(manifest).__name__!r}")
    return deliver(_matches(lines, name, algorithm), onerror, progress)


def _lines(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        yield from file


def _matches(lines: Iterable[bytes], manifest: str, algorithm: str) -> Generator[tuple[str, bool] | Exception]:
    from .manifest import entries  # with re, which takes as long to import as half of this library

    for result in hashed(entries(lines, manifest, algorithm), lambda entry: entry.path, algorithm):
        if isinstance(result, Exception):
            yield result
        else:
            entry, hexdigest = result
            yield entry.path, hexdigest == entry.hexdigest
