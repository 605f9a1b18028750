"""The list of names that ``--files0-from`` reads, as ``du`` and ``wc`` of coreutils do."""

import os
from collections.abc import Iterator

from .quoting import quoted
from .standard_input import DASH, opened

_READ_BYTES = 1 << 16


def names_from(source: str) -> Iterator[str | Exception]:
    """The names in a file, each ended by a null character; in the place of one that is none, what is wrong with it.

    Read as names are asked for: ``source``, or standard input for ``-``, may be a pipe.
    """
    try:
        for number, name in enumerate(_null_separated(source), 1):
            if not name:
                yield ValueError(f"{quoted(source)}:{number}: invalid zero-length file name")
            elif source == name == DASH:
                yield ValueError("when reading file names from stdin, no file name of '-' allowed")
            else:
                yield name
    except OSError as error:
        yield OSError(error.errno, error.strerror, source)


def _null_separated(source: str) -> Iterator[str]:
    with opened(source) as file:
        pending = bytearray()
        while chunk := file.read1(_READ_BYTES):
            pending += chunk
            if b"\0" in chunk:
                *names, pending = pending.split(b"\0")
                yield from map(os.fsdecode, map(bytes, names))
        if pending:
            yield os.fsdecode(bytes(pending))
