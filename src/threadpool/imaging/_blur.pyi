from collections.abc import Sequence
from typing import TypeVar, final

import numpy
from numpy.typing import NDArray
from PIL import Image

from ._image_kernel import ImageKernel

_Image = TypeVar("_Image", NDArray[numpy.uint8], Image.Image)
_Out = NDArray[numpy.uint8] | Sequence[NDArray[numpy.uint8]]

@final
class BoxBlur(ImageKernel):
    """``box_blur(image, radius)``: each pixel is the mean of a square around it, equal to Pillow's ``BoxBlur``.

    >>> import numpy
    >>> box_blur(numpy.array([[0, 0, 90, 0, 0]], numpy.uint8), 1).tolist()
    [[0, 30, 30, 30, 0]]

    ``radius``: pixels on each side, 0 or more, with fractions; one number or (horizontal, vertical). Beyond its edges the
    image goes on with its last pixels. ``image`` and ``out`` as for `resize`; channels are blurred each by itself.
    """

    def __call__(  # type: ignore[override]
        self, image: _Image, radius: float | tuple[float, float], out: _Out | None = None
    ) -> _Image: ...

@final
class GaussianBlur(ImageKernel):
    """``gaussian_blur(image, radius=2)``: an approximation of a Gaussian, equal to Pillow's ``GaussianBlur``.

    >>> import numpy
    >>> gaussian_blur(numpy.array([[0, 0, 90, 0, 0]], numpy.uint8), 1).tolist()
    [[5, 21, 37, 21, 5]]

    ``radius``: the standard deviation in pixels, 0 or more; one number or (horizontal, vertical). Three extended boxes
    (Gwosdek, Grewenig, Bruhn, Weickert: "Theoretical foundations of Gaussian convolution by extended box filtering", 2011),
    so that the time does not depend on the radius. ``image`` and ``out`` as for `box_blur`.
    """

    def __call__(  # type: ignore[override]
        self, image: _Image, radius: float | tuple[float, float] = 2, out: _Out | None = None
    ) -> _Image: ...
