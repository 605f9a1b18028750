"""Which pictures there are, and where their thumbnails go."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator

from ..errors import ImageError
from ..files.tree import regular_files

Source = tuple[str, str]  # the path of a picture, and where it is below the folder that stands for the output folder
Job = tuple[str, str]  # the path of a picture, and that of its thumbnail


def pictures_below(
    folder: str, out_folder: str, suffixes: Container[str], name: str = ""
) -> Iterator[Source | OSError]:
    """The files below a folder that have one of the suffixes, in lower case, sorted by the bytes of the path.

    Without what is hidden and what is in the output folder; symbolic links are not followed. `name`: of the folder in
    the output folder. A folder that cannot be listed is an OSError at its place.
    """
    start = len(os.path.join(folder, ""))
    outputs = _below(out_folder, folder)
    for found in regular_files(folder):
        path = found.filename if isinstance(found, OSError) else found
        relative = path[start:]
        if f"{os.sep}." in os.sep + relative or (outputs and os.path.join(relative, "").startswith(outputs)):
            continue
        if isinstance(found, OSError):
            yield found
        elif os.path.splitext(path)[1].lower() in suffixes:
            yield path, os.path.join(name, relative)


def listed(paths: Iterable[str], out_folder: str) -> Iterator[Source | ImageError]:
    """The files of a list, as if all were in one folder. One that is in the output folder is an error at its place."""
    for path in paths:
        if _is_within(path, out_folder):
            yield ImageError(path, "is in the output folder")
        else:
            yield path, os.path.basename(path)


def check_apart(folder: str, out_folder: str, sheet: str | None) -> None:
    """ValueError: thumbnails might take the place of pictures, because the folder is in the output folder, or is it; or
    the contact sheet might, because it is below the folder, and not in the output folder."""
    if _is_within(folder, out_folder):
        raise ValueError(f"out_folder must not be the folder of the pictures, or above it: {out_folder!r}")
    if sheet is not None and _is_within(sheet, folder) and not _is_within(sheet, out_folder):
        raise ValueError(f"contact_sheet must not be below the folder of the pictures, but for out_folder: {sheet!r}")


def jobs(
    sources: Iterable[Source | Exception], out_folder: str, suffix: str, sheet: str | None = None
) -> Iterator[Job | Exception]:
    """Every source beside the path of its thumbnail; no two have the same, in whatever case, nor that of a page of the
    contact sheet.

    The thumbnail is called as the picture, with another suffix. The second ``a``, in the order of the sources, keeps
    its own suffix too (``a.png.jpg``), or is ``a-2.jpg`` where that is no other name or taken.
    """
    taken: dict[str, int] = {}  # names, and which number is free after them
    pages = None if sheet is None else _pages(sheet, out_folder)
    for source in sources:
        if isinstance(source, Exception):
            yield source
            continue
        path, relative = source
        stem, old_suffix = os.path.splitext(relative)
        name = stem
        if pages and pages.fullmatch(stem + suffix):
            name = stem = relative
        elif name.lower() in taken and old_suffix.lower() != suffix:
            name = relative
        if name.lower() in taken:
            number = taken.get(stem.lower(), 2)
            while (name := f"{stem}-{number}").lower() in taken:
                number += 1
            taken[stem.lower()] = number + 1
        taken[name.lower()] = 2
        yield path, os.path.join(out_folder, name + suffix)


def _pages(sheet: str, folder: str) -> re.Pattern[str] | None:
    """What the pages of a contact sheet are called, seen from a folder; None: they are elsewhere."""
    place, name = os.path.split(sheet)
    below = _below(place or os.curdir, folder)
    if below is None:
        return None
    stem, suffix = os.path.splitext(below + name)
    return re.compile(re.escape(stem) + r"(-\d+)?" + re.escape(suffix), re.IGNORECASE)


def _below(path: str, folder: str) -> str | None:
    """Where a folder is below another, with a separator at its end; "" for the same; None: elsewhere."""
    path, start = os.path.join(os.path.realpath(path), ""), os.path.join(os.path.realpath(folder), "")
    return path[len(start) :] if path.startswith(start) else None


def _is_within(path: str, folder: str) -> bool:
    """Whether a path, which need not exist, is a folder or below it, however both are written."""
    path = os.path.realpath(path)
    while not _is_same(path, folder):
        path, below = os.path.dirname(path), path
        if path == below:
            return False
    return True


def _is_same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False
