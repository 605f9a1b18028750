"""Which files there are below a folder."""

import os
from collections.abc import Iterator


def regular_files(folder: str) -> Iterator[str | OSError]:
    """The regular files below a folder, sorted by the bytes of the whole path.

    What cannot be listed is an OSError at its place. A folder is listed when its turn comes, and only the names are
    held that are yet to come in the folders on the way to the file at hand.
    """
    levels = [("", [folder + os.sep])]  # rather than recursion, which a deep tree would exhaust
    while levels:
        prefix, names = levels[-1]
        if not names:
            levels.pop()
            continue
        name = names.pop()
        if not name.endswith(os.sep):
            yield prefix + name
            continue
        path = prefix + name.removesuffix(os.sep)
        try:
            levels.append((os.path.join(path, ""), _names(path)))
        except OSError as error:
            yield error


def _names(folder: str) -> list[str]:
    """The files and folders in a folder, last first. Folders end in a separator: 'a-b' comes before 'a/b'."""
    with os.scandir(folder) as entries:
        names = [
            entry.name + os.sep if entry.is_dir(follow_symlinks=False) else entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
        ]
    names.sort(key=os.fsencode, reverse=True)
    return names
