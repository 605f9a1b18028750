from typing import Generic, TypeVar

from typing_extensions import Buffer, disjoint_base

from ._kernel import Kernel

_R_co = TypeVar("_R_co", covariant=True)

@disjoint_base
class BufferKernel(Kernel[Buffer, _R_co], Generic[_R_co]):
    """A kernel whose inputs are buffers and whose results are all of one size."""

    name: str
    def __call__(self, data: Buffer, /) -> _R_co: ...  # type: ignore[override]  # it takes no options
