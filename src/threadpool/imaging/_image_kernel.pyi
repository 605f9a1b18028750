from typing import Any

from typing_extensions import disjoint_base

from ..pool._kernel import Kernel

@disjoint_base
class ImageKernel(Kernel[Any, Any]):
    """A kernel over images: arrays of uint8, or images of Pillow."""

    name: str
    variant: str
