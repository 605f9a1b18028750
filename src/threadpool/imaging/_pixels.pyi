from collections.abc import Sequence
from typing import TypeVar, final

import numpy
from numpy.typing import NDArray
from PIL import Image

from ._image_kernel import ImageKernel

_Image = TypeVar("_Image", NDArray[numpy.uint8], Image.Image)
_Out = NDArray[numpy.uint8] | Sequence[NDArray[numpy.uint8]]

@final
class Gray(ImageKernel):
    """``gray(image)``: the luma of a colour image (ITU-R BT.601), (height, width), equal to Pillow's ``convert("L")``.

    >>> import numpy
    >>> gray(numpy.array([[[255, 0, 0], [0, 255, 0]]], numpy.uint8)).tolist()
    [[76, 150]]

    ``image`` and ``out`` as for `resize`: three channels are red, green and blue, a fourth is left out; of two the first is
    taken. An image of Pillow must be L, LA, RGB, RGBA or RGBX.
    """

    def __call__(self, image: _Image, out: _Out | None = None) -> _Image: ...  # type: ignore[override]

@final
class Flip(ImageKernel):
    """``flip(image, direction="left_right")``: the mirror image, or with "top_bottom" the image upside down.

    >>> import numpy
    >>> flip(numpy.array([[1, 2, 3]], numpy.uint8)).tolist()
    [[3, 2, 1]]

    Equal to Pillow's ``transpose`` with FLIP_LEFT_RIGHT and FLIP_TOP_BOTTOM. ``image`` and ``out`` as for `resize`.
    """

    def __call__(  # type: ignore[override]
        self, image: _Image, direction: str = "left_right", out: _Out | None = None
    ) -> _Image: ...

@final
class Rotate90(ImageKernel):
    """``rotate90(image, k=1)``: the image turned by ``k`` times 90 degrees, counter-clockwise.

    >>> import numpy
    >>> rotate90(numpy.array([[1, 2, 3]], numpy.uint8)).tolist()
    [[3], [2], [1]]

    Equal to ``numpy.rot90`` and to Pillow's ``transpose`` with ROTATE_90, ROTATE_180 and ROTATE_270. ``k`` is any int.
    ``image`` and ``out`` as for `resize`.
    """

    def __call__(  # type: ignore[override]
        self, image: _Image, k: int = 1, out: _Out | None = None
    ) -> _Image: ...
