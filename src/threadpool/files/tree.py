"""Which files there are below a folder."""

import os
from collections.abc import Iterator

_SEPARATOR = os.fsencode(os.sep)


def regular_files(folder: str) -> Iterator[str | OSError]:
    """The regular files below a folder, sorted by the bytes of the whole path.

    What cannot be listed is an OSError at its place. A folder is listed when its turn comes, and only the names are
    held that are yet to come in the folders on the way to the file at hand.
    """
    levels = [(b"", [os.fsencode(folder) + _SEPARATOR])]  # rather than recursion, which a deep tree would exhaust
    while levels:
        prefix, names = levels[-1]
        if not names:
            levels.pop()
            continue
        name = names.pop()
        if not name.endswith(_SEPARATOR):
            yield os.fsdecode(prefix + name)
            continue
        path = prefix + name.removesuffix(_SEPARATOR)
        try:
            levels.append((os.path.join(path, b""), _names(path)))
        except OSError as error:
            yield OSError(error.errno, error.strerror, os.fsdecode(path))


def _names(folder: bytes) -> list[bytes]:
    """The files and folders in a folder, last first. Folders end in a separator: 'a-b' comes before what is below 'a'.

    In bytes, which are what is sorted by, and take half the memory: there may be very many.
    """
    with os.scandir(folder) as entries:
        names = [
            entry.name + _SEPARATOR if entry.is_dir(follow_symlinks=False) else entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
        ]
    names.sort(reverse=True)
    return names
