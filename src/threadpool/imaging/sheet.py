"""Contact sheets: thumbnails in rows on a page, with their names below."""

from __future__ import annotations

import os
from collections.abc import Container, Generator, Iterator
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from ..pool._default import default
from .output import encoded, write
from .picture import on_white, small_picture
from .recipe import SUFFIXES, Recipe

COLUMNS = 8
ROWS = 13
PICTURE = 200  # pixels of the longest side
MARGIN = 12
TEXT = 20  # pixels between a picture and what is below
_FORMATS = {**{suffix: format for format, suffix in SUFFIXES.items()}, ".jpeg": "jpeg"}
_LINE = (170, 170, 170)


class Entry(NamedTuple):
    """One place on a sheet. `path`: of its thumbnail; None, where that could not be made."""

    name: str
    path: str | None


def check_sheet(path: str) -> None:
    """ValueError: the suffix names no format to write."""
    if os.path.splitext(path)[1].lower() not in _FORMATS:
        raise ValueError(f"contact_sheet must end in one of {', '.join(_FORMATS)}, not {path!r}")


def with_sheet(results: Generator[tuple[str, str] | Exception], path: str) -> Generator[tuple[str, str] | Exception]:
    """The results; a sheet of them is written after the last."""
    entries: list[Entry] = []
    sources: set[str] = set()
    for result in results:
        if isinstance(result, Exception):
            entries.append(Entry(os.path.basename(getattr(result, "filename", "")), None))
        else:
            source, thumbnail = result
            entries.append(Entry(os.path.basename(source), thumbnail))
            sources.add(os.path.realpath(source))
        yield result
    write_sheet(entries, path, sources)


def write_sheet(entries: list[Entry], path: str, sources: Container[str]) -> None:
    """Draws the thumbnails on as many pages as it takes, and writes them, one after the other. ValueError: a page would
    take the place of one of the sources."""
    stem, suffix = os.path.splitext(path)
    on_page = COLUMNS * ROWS
    pages = [entries[start : start + on_page] for start in range(0, len(entries), on_page)] or [[]]
    paths = [path] if len(pages) == 1 else [f"{stem}-{number}{suffix}" for number in range(1, len(pages) + 1)]
    for path in paths:
        if os.path.realpath(path) in sources:
            raise ValueError(f"contact_sheet must not take the place of a picture: {path!r}")
    for path, page in zip(paths, pages, strict=True):
        write(path, encoded(draw_page(page), _FORMATS[suffix.lower()], None))


def draw_page(entries: list[Entry]) -> Image.Image:
    """A page, in mode RGB, as high as it needs to be."""
    columns = max(1, min(len(entries), COLUMNS))
    rows = max(1, -(-len(entries) // COLUMNS))
    across, down = PICTURE + MARGIN, PICTURE + TEXT + MARGIN
    page = Image.new("RGB", (columns * across + MARGIN, rows * down + MARGIN), "white")
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(12)
    for number, (entry, picture) in enumerate(zip(entries, _pictures(entries), strict=True)):
        left = MARGIN + number % COLUMNS * across
        top = MARGIN + number // COLUMNS * down
        if picture is None:
            draw.rectangle((left, top, left + PICTURE - 1, top + PICTURE - 1), outline=_LINE)
        else:
            page.paste(picture, (left + (PICTURE - picture.width) // 2, top + PICTURE - picture.height))
        text = _shortened(entry.name, font)
        draw.text((left + (PICTURE - font.getlength(text)) / 2, top + PICTURE + 3), text, "black", font)
    return page


def _pictures(entries: list[Entry]) -> Iterator[Image.Image | None]:
    return default.imap(_picture, entries)


def _picture(entry: Entry) -> Image.Image | None:
    if entry.path is None:
        return None
    try:
        return on_white(small_picture(entry.path, Recipe((PICTURE, PICTURE)))).convert("RGB")
    except Exception:  # somebody has taken it away, or changed it
        return None


def _shortened(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The name in one line no wider than a picture, with an ellipsis in its middle where that takes one."""
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name)
    shown, kept = text, min(len(text), PICTURE)
    while font.getlength(shown) > PICTURE:
        kept -= 1
        shown = text[: (kept + 1) // 2] + "…" + text[len(text) - kept // 2 :]
    return shown
