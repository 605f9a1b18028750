from collections.abc import Sequence
from typing import TypeVar, final

import numpy
from numpy.typing import NDArray
from PIL import Image

from ._image_kernel import ImageKernel

_Image = TypeVar("_Image", NDArray[numpy.uint8], Image.Image)
_Out = NDArray[numpy.uint8] | Sequence[NDArray[numpy.uint8]]

@final
class Resize(ImageKernel):
    """``resize(image, size, filter="lanczos", box=None)``: an image of another size, equal to Pillow 13's bit for bit.

    >>> import numpy
    >>> resize(numpy.zeros((1600, 2560, 3), numpy.uint8), (320, 200)).shape
    (200, 320, 3)

    ``image``: uint8, (height, width) or (height, width, channels); rows may have any stride, and what else does not lie in
    order is copied first; or an image of Pillow, loaded, of mode L, LA, La, RGB, RGBX, RGBA, RGBa or CMYK, and then the
    result is one. ``size``: (width, height) in pixels. ``filter``: nearest, box, bilinear, hamming, bicubic, lanczos, or a
    member of Pillow's Image.Resampling; each widens with the reduction, so nothing is left out of the result but with
    nearest. ``box``: (left, top, right, bottom), what part of the image to resize, in pixels and fractions of them. ``mode``:
    what the channels of an array mean, by Pillow's names: two are LA, four RGBA unless it says La, RGBa, RGBX or CMYK;
    colours are weighted with alpha in LA and RGBA.

    ``out``: an array to write to, and to return, that does not overlap the image; in a run a list of them, or one with an
    axis more, which overlap no image of the run nor one another (with ``errors`` and in streams there is none: give it to
    the kernel in a function of your own).

    A kernel: ``run(partial(resize, size=(320, 200)), images)`` gives each image to one thread, without the interpreter; one
    large image alone is shared by all of them. Safe to call from any thread; if another thread changes the image meanwhile,
    the result is some mixture. TypeError, ValueError: an argument, by its name, before anything is done; MemoryError.
    """

    def __call__(  # type: ignore[override]
        self,
        image: _Image,
        size: tuple[int, int],
        filter: str | int = "lanczos",
        box: tuple[float, float, float, float] | None = None,
        out: _Out | None = None,
        *,
        mode: str | None = None,
    ) -> _Image: ...
