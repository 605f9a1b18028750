from collections.abc import Sequence
from typing import final

import numpy
from numpy.typing import NDArray
from PIL import Image

from ._image_kernel import ImageKernel

@final
class Histogram(ImageKernel):
    """``histogram(image)``: how many pixels have each value, as int64: (256,), or (channels, 256).

    >>> import numpy
    >>> histogram(numpy.array([[7, 7, 9]], numpy.uint8))[6:10].tolist()
    [0, 2, 0, 1]

    The same numbers as Pillow's ``histogram()``. ``image`` as for `resize`; ``out`` is a C-contiguous array of int64.
    """

    def __call__(  # type: ignore[override]
        self, image: NDArray[numpy.uint8] | Image.Image, out: NDArray[numpy.int64] | Sequence[NDArray[numpy.int64]] | None = None
    ) -> NDArray[numpy.int64]: ...
