from typing import Any

from ..pool._kernel import Kernel

class ImageKernel(Kernel[Any, Any]):
    """A kernel over images: arrays of uint8, or images of Pillow."""

    name: str
