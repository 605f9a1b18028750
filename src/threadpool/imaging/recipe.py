"""What all thumbnails of a call have in common, and which arguments make sense."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

SUFFIXES = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
FILTERS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
MOST_GAP = 1000.0


class Recipe(NamedTuple):
    """How a picture becomes a thumbnail: the arguments of `thumbnails` of the same names."""

    size: tuple[int, int]
    format: str = "jpeg"
    quality: int | None = None
    filter: str = "lanczos"
    reducing_gap: float | None = 1.5
    max_pixels: int | None = None
    update: bool = False

    def checked(self) -> Recipe:
        """The recipe, if its arguments are such as `thumbnails` may be given; the error names the one that is not."""
        _check_choice("format", self.format, SUFFIXES)
        _check_choice("filter", self.filter, FILTERS)
        quality, gap, limit = self.quality, self.reducing_gap, self.max_pixels
        if quality is not None:
            if self.format == "png":
                raise ValueError("quality is for 'jpeg' and 'webp': 'png' loses nothing")
            quality = _integer("quality", quality)
            if not 1 <= quality <= 100:
                raise ValueError(f"quality must be from 1 to 100, not {quality}")
        if gap is not None and not (isinstance(gap, (int, float)) and 1 <= gap <= MOST_GAP):
            raise ValueError(f"reducing_gap must be from 1.0 to {MOST_GAP}, or None, not {gap!r}")
        if limit is not None:
            limit = _positive("max_pixels", limit)
        return self._replace(size=_size(self.size), quality=quality, max_pixels=limit)


def _check_choice(name: str, value: object, choices: Any) -> None:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")


def _size(size: Any) -> tuple[int, int]:
    if isinstance(size, (tuple, list)):
        if len(size) != 2:
            raise ValueError(f"size must be the longest side or (width, height), not {size!r}")
        return _positive("size", size[0]), _positive("size", size[1])
    side = _positive("size", size)
    return side, side


def _positive(name: str, value: Any) -> int:
    number = _integer(name, value)
    if number < 1:
        raise ValueError(f"{name} must be 1 or greater, not {number}")
    return number


def _integer(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__!r}") from None
