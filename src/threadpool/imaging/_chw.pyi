from collections.abc import Sequence
from typing import Any, final

import numpy
from numpy.typing import DTypeLike, NDArray
from PIL import Image

from ._image_kernel import ImageKernel

@final
class ToChw(ImageKernel):
    """``to_chw(image, size=None, mean=0, std=1)``: planes of floats, (channels, height, width), for machine learning.

    >>> import numpy
    >>> image = numpy.full((480, 640, 3), 255, numpy.uint8)
    >>> planes = to_chw(image, (224, 224), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), box=(80, 0, 560, 480))
    >>> planes.shape, planes.dtype, round(planes[0, 0, 0].item(), 3)
    ((3, 224, 224), dtype('float32'), 2.249)

    Crop, resize, normalise and transpose in one pass. ``size``, ``filter`` (bilinear if left out), ``box``, ``mode`` and
    ``image`` as for `resize`, with the same pixels; without a size the image keeps its own. Each byte then becomes
    (byte / 255 - mean) / std, worked out as byte * scale + bias in float32 with two roundings. ``mean``, ``std``: one number
    or one for each channel. ``dtype``: float32 or float16, which is rounded once more. ``out``: a C-contiguous array of that;
    in a run (images, channels, height, width), and so a batch.
    """

    def __call__(  # type: ignore[override]
        self,
        image: NDArray[numpy.uint8] | Image.Image,
        size: tuple[int, int] | None = None,
        mean: float | Sequence[float] | NDArray[Any] = 0.0,
        std: float | Sequence[float] | NDArray[Any] = 1.0,
        dtype: DTypeLike = "float32",
        filter: str | int = "bilinear",
        box: tuple[float, float, float, float] | None = None,
        out: NDArray[Any] | Sequence[NDArray[Any]] | None = None,
        *,
        mode: str | None = None,
    ) -> NDArray[Any]: ...
