"""The file ``-``: standard input, as for coreutils."""

import errno
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from itertools import groupby
from typing import TypeVar, cast

from ..hashing.digests import descriptor_digest
from ..hashing.files import hashed

T = TypeVar("T")

DASH = "-"


@contextmanager
def opened(path: str) -> Iterator[BufferedReader]:
    """A file opened for reading bytes; standard input, which stays open, for ``-``."""
    if path != DASH:
        with open(path, "rb") as file:
            yield file
    elif sys.stdin is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    else:
        yield cast(BufferedReader, sys.stdin.buffer)


def hashed_with_standard_input(
    items: Iterable[T | Exception], path: Callable[[T], str], algorithm: str
) -> Generator[tuple[T, str] | Exception, None, None]:
    """`hashed`, where ``-`` is standard input: read by the caller, when those before it are done."""
    for is_dash, group in groupby(items, lambda item: not isinstance(item, Exception) and path(item) == DASH):
        if is_dash:
            for item in cast(Iterator[T], group):
                digest = _standard_input_digest(algorithm)
                yield digest if isinstance(digest, OSError) else (item, digest)
        else:
            yield from hashed(group, path, algorithm)


def _standard_input_digest(algorithm: str) -> str | OSError:
    try:
        with opened(DASH) as file:
            return descriptor_digest(file.fileno(), algorithm)
    except OSError as error:
        return OSError(error.errno, error.strerror, DASH)
