"""From a file to a small picture in memory: opened, checked, decoded, turned upright, shrunk."""

from __future__ import annotations

import io
import math
import os
import stat
import struct
from collections.abc import Callable
from typing import IO, cast

from PIL import Image, ImageFile

from ..errors import ImageError, ImageTooLarge
from .kernels import resize
from .progressive import eighth
from .recipe import Recipe

# Pictures: not documents, films and measurements, whose first page or header Pillow reads too, nor what it starts other
# programs for. Those without a signature come last.
_FORMATS = (
    *("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "JPEG2000"),
    *("PPM", "QOI", "PSD", "DDS", "PCX", "TGA"),
)
_DRAFTED = ("JPEG", "MPO")  # can be decoded at a fraction of their size
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = (5, 6, 7, 8)
_GRAY = ("1", "L", "LA", "La", "I", "F")
# What the pixels of an ICC profile are, by the mode of the picture.
_PROFILE_SPACES = {"L": b"GRAY", "LA": b"GRAY", "RGB": b"RGB ", "RGBA": b"RGB "}


def suffixes() -> frozenset[str]:
    """Those of files that can be read, in lower case. To be called before other threads open pictures: this has Pillow
    load what it needs."""
    formats = {*_FORMATS, "MPO"}  # opened as a JPEG
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in formats)


def small_picture(path: str, recipe: Recipe) -> Image.Image:
    """The picture in a file, upright and no larger than the recipe says, in mode L, LA, RGB or RGBA.

    ``info`` has its ICC profile, if there is one for these colours, and nothing else. OSError: the file cannot be read;
    ImageError: it is too large. What else is wrong with it may be any Exception, of Pillow's.
    """
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ImageError(path, "is no regular file")  # to open one might take for ever
    with open(path, "rb") as file:
        image = _opened(file, path)
        _check_pixels(image, path, recipe.max_pixels)
        if image.format not in _DRAFTED:  # others may have metadata after the pixels, or be turned by Pillow itself
            image.load()
        orientation = _orientation(image)
        turn: Callable[[int, int], tuple[int, int]] = _swapped if orientation in _LYING else _as_is
        # The size is that of an upright picture, and the picture is turned when it is small.
        size = turn(*fitted(turn(*image.size), recipe.size))
        image, box = _reduced(image, file, path, size, recipe.reducing_gap)
        image.load()
    profile = image.info.get("icc_profile")
    result = in_plain_mode(image)
    if result.size != size:
        result = resize(result, size, recipe.filter, box)
    if orientation in _TURNS:
        result = result.transpose(_TURNS[orientation])
    fits = profile and profile[16:20] == _PROFILE_SPACES[result.mode]
    result.info = {"icc_profile": profile} if fits else {}
    return result


def fitted(size: tuple[int, int], bounds: tuple[int, int]) -> tuple[int, int]:
    """The largest size with the aspect of `size` inside `bounds`, as `PIL.Image.Image.thumbnail` has it."""
    (width, height), (x, y) = size, bounds
    if width <= x and height <= y:
        return size
    aspect = width / height
    if x / y >= aspect:
        return _nearest(y * aspect, lambda n: abs(aspect - n / y)), y
    return x, _nearest(x / aspect, lambda n: abs(aspect - x / n) if n else 0)


def in_plain_mode(image: Image.Image) -> Image.Image:
    """The picture in mode L, LA, RGB or RGBA."""
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
        image.info.pop("transparency", None)  # a gray of 16 bits
    elif image.mode in ("I", "F"):  # of no known range
        darkest, brightest = cast("tuple[float, float]", image.getextrema())
        scale = 255 / ((brightest - darkest) or 1)
        image = image.point(lambda value: value * scale + (0.5 - darkest * scale)).convert("L")
    gray = image.mode in _GRAY
    mode = ("LA" if gray else "RGBA") if image.has_transparency_data else ("L" if gray else "RGB")
    return image if image.mode == mode else image.convert(mode)


def on_white(image: Image.Image) -> Image.Image:
    """The picture without transparency, in mode L or RGB."""
    if image.mode in ("L", "RGB"):
        return image
    mode = image.mode.removesuffix("A")
    paper = Image.new(mode, image.size, "white")
    paper.paste(image.convert(mode), mask=image.getchannel("A"))
    paper.info = image.info
    return paper


def _opened(file: IO[bytes], path: str) -> ImageFile.ImageFile:
    """What `PIL.Image.open` gives, but for its own limit of pixels, which one of the caller's stands for: a warning of
    that would go through filters that all threads share."""
    prefix = file.read(16)
    for name in _FORMATS:
        factory, accepts = Image.OPEN.get(name, (None, None))
        if factory is None or (accepts is not None and accepts(prefix) is not True):
            continue
        file.seek(0)
        try:
            return factory(file, "")
        except (SyntaxError, IndexError, TypeError, struct.error):
            pass  # it may be another format
    raise ImageError(path, "is no picture that can be read")


def _check_pixels(image: Image.Image, path: str, limit: int | None) -> None:
    width, height = image.size
    if limit is not None and width * height > limit:
        raise ImageTooLarge(path, f"has {width} x {height} pixels, more than {limit}")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged metadata are no reason to have no thumbnail
        return 1


def _reduced(
    image: ImageFile.ImageFile, file: IO[bytes], path: str, size: tuple[int, int], gap: float | None
) -> tuple[ImageFile.ImageFile, tuple[float, float, float, float] | None]:
    """The picture, at a half, a quarter or an eighth if it is a JPEG and that suffices, and where it is in that."""
    if gap is None:
        return image, None
    wanted = (int(size[0] * gap), int(size[1] * gap))
    original = image.size
    reduced = image.draft(None, wanted)
    if reduced is None:
        return image, None
    _, box = reduced
    if image.info.get("progressive") and box[2] * 8 == original[0]:
        file.seek(0)
        image = _opened(io.BytesIO(eighth(file.read())), path)
        image.draft(None, wanted)
    return image, box


def _nearest(number: float, distance: Callable[[int], float]) -> int:
    return max(min(math.floor(number), math.ceil(number), key=distance), 1)


def _swapped(x: int, y: int) -> tuple[int, int]:
    return y, x


def _as_is(x: int, y: int) -> tuple[int, int]:
    return x, y
