"""Pictures into files: encoded in memory, written whole or not at all."""

from __future__ import annotations

import io
import os

from PIL import Image

from .picture import on_white


def encoded(image: Image.Image, format: str, quality: int | None) -> bytes:
    """The picture in a file format, with what ICC profile it has."""
    if format == "jpeg":
        image = on_white(image)
    buffer = io.BytesIO()
    options = {} if quality is None else {"quality": quality}
    image.save(buffer, format, icc_profile=image.info.get("icc_profile"), **options)
    return buffer.getvalue()


def write(path: str, data: bytes) -> None:
    """Puts a file in place of what was there, in a folder that is made if need be. OSError: it cannot, and what was
    there still is."""
    folder = os.path.dirname(path)
    temporary = os.path.join(folder, f".{os.urandom(8).hex()}.tmp")
    try:
        os.makedirs(folder or os.curdir, exist_ok=True)
        try:
            with open(temporary, "xb") as file:
                file.write(data)
            os.replace(temporary, path)
        except BaseException:
            _remove(temporary)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass  # it has not come into being
