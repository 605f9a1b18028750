"""``threadpool thumbs``: a thumbnail of every picture."""

import argparse
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import ImageError
from ..files.delivery import deliver
from ..imaging.recipe import FILTERS, SUFFIXES, Recipe
from ..imaging.thumbnails import MAX_PIXELS, folder_sources, listed_sources, made
from .complaint import complain
from .quoting import quoted

if TYPE_CHECKING:
    from ..imaging.names import Source


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "thumbs",
        help="make a thumbnail of every picture, on every core",
        description="Makes thumbnails of the pictures, and of those below the folders, in the folder OUT: upright, "
        "without EXIF data, with their ICC profile. They are where the pictures are below the folder; of several, each "
        "has a folder of its name in OUT. Of what is below a folder, files are taken whose suffix is one of a picture, "
        "without what is hidden, in OUT, or the contact sheet; symbolic links in it are not followed.",
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a picture, or a folder")
    parser.add_argument("out", metavar="OUT", help="the folder to put the thumbnails into, which is made if need be")
    parser.add_argument("--size", type=size, default=(320, 320), help="of the longest side, or WIDTHxHEIGHT (320)")
    parser.add_argument("--format", choices=SUFFIXES, default="jpeg", help="jpeg (the default), png or webp")
    parser.add_argument("--quality", metavar="N", type=int, help="from 1 to 100, for jpeg (75) and webp (80)")
    parser.add_argument("--filter", metavar="NAME", choices=FILTERS, default="lanczos", help=", ".join(FILTERS))
    parser.add_argument(
        "--reducing-gap",
        metavar="X",
        type=float,
        default=1.5,
        help="decode a JPEG at no less than X times the size, which is faster (1.5; Pillow's own is 2)",
    )
    parser.add_argument(
        "--max-pixels", metavar="N", type=int, default=MAX_PIXELS, help=f"refuse pictures with more ({MAX_PIXELS})"
    )
    parser.add_argument("--update", action="store_true", help="leave thumbnails that are as new as the picture")
    parser.add_argument(
        "--contact-sheet", metavar="FILE", help="draw all of them, with their names, on a page: .jpg, .png or .webp"
    )
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="draw a bar on standard error (needs tqdm; where it is a terminal, there is one without asking)",
    )
    parser.set_defaults(command=command, name="thumbs")


def command(options: argparse.Namespace) -> int:
    recipe = Recipe(
        *(options.size, options.format, options.quality, options.filter),
        *(options.reducing_gap, options.max_pixels, options.update),
    ).checked()
    # What Pillow makes of damaged metadata is of no use to who wants thumbnails.
    warnings.filterwarnings("ignore", module="PIL")
    failed = False

    def report(error: OSError | ImageError) -> None:
        nonlocal failed
        failed = True
        reason = error.reason if isinstance(error, ImageError) else error.strerror
        complain(f"thumbs: {quoted(error.filename)}: {reason}")

    progress = can_draw() if options.progress is None else options.progress
    sources = list(
        sources_of(options.paths, options.out, options.contact_sheet)
    )  # so that it is known how many there are
    try:
        results = made(sources, options.out, recipe, None, options.contact_sheet)
        for _ in deliver(results, report, progress, len(sources)):
            pass
    except OSError as error:
        report(error)
    return int(failed)


def size(words: str) -> tuple[int, int]:
    """The size that the option names. ValueError: none."""
    width, separator, height = words.partition("x")
    return int(width), int(height if separator else width)


def sources_of(paths: list[str], out: str, sheet: str | None) -> Iterator["Source | Exception"]:
    """The pictures, and in the place of a folder those below it."""
    for path in paths:
        if os.path.isdir(path):
            # A folder of one's own is called as it is, even where it is written as ".".
            name = os.path.basename(os.path.abspath(path)) if len(paths) > 1 else ""
            yield from folder_sources(path, out, sheet, name)
        else:
            yield from listed_sources([path], out)


def can_draw() -> bool:
    """Whether somebody sees a bar, and there is what draws it."""
    return sys.stderr is not None and sys.stderr.isatty() and importlib.util.find_spec("tqdm") is not None
