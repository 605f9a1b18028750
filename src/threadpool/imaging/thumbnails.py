"""Thumbnails of many pictures: each decoded, shrunk, encoded and written in a thread of the pool."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import closing, nullcontext

from ..errors import ImageError
from ..files.delivery import Progress, deliver
from ..files.paths import Path, decoded

TYPE_CHECKING = False  # Pillow, and what needs it, are imported when they are first needed
if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..pool.mapper import Mapper
    from .names import Job, Source
    from .recipe import Recipe

MAX_PIXELS = 178_956_970  # Pillow's own


def thumbnails(
    paths_or_folder: Path | Iterable[Path],
    out_folder: Path,
    size: int | tuple[int, int],
    *,
    format: str = "jpeg",
    quality: int | None = None,
    filter: str = "lanczos",
    reducing_gap: float | None = 1.5,
    max_pixels: int | None = MAX_PIXELS,
    update: bool = False,
    contact_sheet: Path | None = None,
    workers: int | None = None,
    onerror: Callable[[OSError | ImageError], object] | None = None,
    progress: Progress = False,
) -> Iterator[tuple[str, str]]:
    """Makes a thumbnail of every picture and yields ``(path, path of the thumbnail)``, in order.

    ``paths_or_folder`` is an iterable of files, or one folder: the pictures below it, by their suffixes, sorted by the
    bytes of the path, without what is hidden, in ``out_folder`` or the contact sheet; symbolic links are not followed.
    Pictures are what Pillow (the extra ``images``) reads, in sixteen formats; of several frames the first counts.

    A thumbnail fits into ``size``, in pixels: the longest side, or ``(width, height)``. It keeps the aspect, as
    `PIL.Image.Image.thumbnail` does, and is never larger than the picture. It is upright, whatever the EXIF data say,
    and has none; the ICC profile is kept, where it is one for gray or RGB. ``format`` is ``"jpeg"``, ``"png"`` or
    ``"webp"``; ``quality``, from 1 to 100, is Pillow's. JPEGs have what is transparent on white; 16 bits become 8.

    The pixels are those of Pillow's ``resize`` with ``filter``. JPEGs are decoded at a half, quarter or eighth of their
    size if that is at least ``reducing_gap`` times the thumbnail's, which saves most of the time; with None, as they
    are.

    Below ``out_folder``, which is made if need be, thumbnails are where the pictures are below the folder, under the
    same name with another suffix; those of an iterable are all directly in it. The second of a name, regardless of
    case, keeps its suffix too (``a.png.jpg``), or has a number (``a-2.jpg``). Existing files are replaced; with
    ``update``, not if they are as new as the picture, whatever their size and the picture they were made of. A file
    appears when it is complete.

    Every core works, in threads of the default pool, or ``workers`` threads of its own; each has one picture in memory,
    however many there are. Pictures are looked for and made as thumbnails are asked for, a few ahead for each thread.

    A file that cannot be read or written raises its OSError when its turn comes, and one that is no picture, a damaged
    one, or one of more than ``max_pixels`` pixels (None: no limit), a `threadpool.errors.ImageError`; with ``onerror``,
    that is called with the exception, whose ``filename`` is the path, and the others go on. ``progress`` as in
    `threadpool.hashing.hash_files`; the total is None until the end for a folder.

    ``contact_sheet`` is the path of a picture (.jpg, .png or .webp) to draw at the end, with all thumbnails and their
    names, and an empty frame for each that failed; of more than a hundred, several pages, with ``-1``, ``-2`` before
    the suffix. It may lie among the thumbnails, but not among the pictures.

    ImportError: there is no Pillow. ValueError, TypeError: arguments that make no sense, such as an ``out_folder`` that
    the pictures are in. OSError: ``out_folder`` cannot be made, or the contact sheet not written, in any case. Nothing
    is read or written before the first result is asked for. Safe to call from any thread.
    """
    from .recipe import Recipe

    recipe = Recipe(size, format, quality, filter, reducing_gap, max_pixels, update).checked()  # type: ignore[arg-type]
    target = decoded("out_folder", out_folder)
    sheet = None if contact_sheet is None else decoded("contact_sheet", contact_sheet)
    total = None
    sources: Iterator[Source | Exception]
    if isinstance(paths_or_folder, (str, bytes, os.PathLike)):
        sources = folder_sources(decoded("paths_or_folder", paths_or_folder), target, sheet)
    else:
        sources = listed_sources(paths_or_folder, target)
        total = len(paths_or_folder) if isinstance(paths_or_folder, Sized) else None
    return deliver(made(sources, target, recipe, workers, sheet), onerror, progress, total)


def folder_sources(folder: str, out_folder: str, sheet: str | None, name: str = "") -> Iterator[Source | OSError]:
    """The pictures below a folder. ValueError: it is in the output folder, or the sheet in it; ImportError: there is no
    Pillow."""
    _need_pillow()
    from .names import check_apart, pictures_below
    from .picture import suffixes

    check_apart(folder, out_folder, sheet)
    return pictures_below(folder, out_folder, suffixes(), name)


def listed_sources(paths: Iterable[Path], out_folder: str) -> Iterator[Source | ImageError]:
    """The pictures of a list. TypeError: it is none; ImportError: there is no Pillow."""
    _need_pillow()
    from .names import listed

    try:
        iterator = iter(paths)
    except TypeError:
        raise TypeError(
            f"paths_or_folder must be a path or an iterable of paths, not {type(paths).__name__!r}"
        ) from None
    return listed((decoded(f"paths_or_folder[{index}]", path) for index, path in enumerate(iterator)), out_folder)


def made(
    sources: Iterable[Source | Exception], out_folder: str, recipe: Recipe, workers: int | None, sheet: str | None
) -> Generator[Job | Exception]:
    """Every picture and its thumbnail, or why there is none. Arguments are checked before the first is asked for."""
    _need_pillow()
    from ..pool._run import at_least_one
    from .names import jobs
    from .recipe import SUFFIXES
    from .sheet import check_sheet, with_sheet

    if workers is not None:
        at_least_one("workers", workers)
    results = _results(jobs(sources, out_folder, SUFFIXES[recipe.format], sheet), out_folder, recipe, workers)
    if sheet is None:
        return results
    check_sheet(sheet)
    return with_sheet(results, sheet)


def _results(
    jobs: Iterable[Job | Exception], out_folder: str, recipe: Recipe, workers: int | None
) -> Generator[Job | Exception]:
    from .picture import suffixes

    suffixes()
    os.makedirs(out_folder, exist_ok=True)
    with _pool(workers) as pool, closing(pool.imap(lambda job: _attempt(job, recipe), jobs)) as results:  # type: ignore[type-var]
        yield from results


def _pool(workers: int | None) -> AbstractContextManager[Mapper]:
    if workers is None:
        from ..pool._default import default

        return nullcontext(default)
    from ..pool import Pool

    return Pool(workers)


def _attempt(job: Job | Exception, recipe: Recipe) -> Job | Exception:
    """Makes one thumbnail. What is wrong is told without a traceback, which would hold the picture in memory."""
    if isinstance(job, Exception):
        return job
    source, output = job
    try:
        if not (recipe.update and _is_current(source, output)):
            _make(source, output, recipe)
    except ImageError as error:
        return error.with_traceback(None)
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            return OSError(error.errno, error.strerror, error.filename or source)
        return ImageError(source, str(error) or type(error).__name__)
    return job


def _make(source: str, output: str, recipe: Recipe) -> None:
    from .output import encoded, write
    from .picture import small_picture

    write(output, encoded(small_picture(source, recipe), recipe.format, recipe.quality))


def _is_current(source: str, output: str) -> bool:
    try:
        made, original = os.stat(output), os.stat(source)
        return made.st_size > 0 and made.st_mtime_ns >= original.st_mtime_ns
    except OSError:
        return False  # that is looked into when it is opened


def _need_pillow() -> None:
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise ImportError("thumbnails need Pillow: pip install 'threadpool-ft[images]'") from error
