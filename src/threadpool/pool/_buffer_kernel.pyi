from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray
from typing_extensions import Buffer, disjoint_base

from ._kernel import Kernel

_R_co = TypeVar("_R_co", covariant=True)

@disjoint_base
class BufferKernel(Kernel[Buffer, _R_co], Generic[_R_co]):
    """A kernel whose inputs are buffers and whose results are all of one size."""

    name: str
    def __call__(self, data: Buffer, /) -> _R_co: ...  # type: ignore[override]  # it takes no options
    def many(
        self,
        items: Iterable[Buffer] | NDArray[Any] | tuple[Buffer, NDArray[Any]],
        *,
        out: NDArray[Any] | None = None,
        workers: int | None = None,
    ) -> NDArray[Any]:
        """The results of many inputs as the rows of one array, worked out on every core.

        ``items``: a list of bytes-like objects; an array of two dimensions or more, each row one input, whatever the stride
        between them; or a tuple ``(data, offsets)`` as in Arrow: one buffer, and an array of integers between which its
        parts lie. Returns an array of uint8, (n, size of a result), or one of n results of the kernel's type; ``out`` is
        such an array to write to, and to return, C-contiguous and of other memory. ``workers`` caps the threads, the caller
        included. Safe to call from any thread; Ctrl-C takes effect between items.

        TypeError, BufferError: an item, by its number, or offsets that are no array of integers; ValueError: an ``out`` of
        another shape, dtype or layout, or that overlaps the data; offsets that decrease or pass the end. Nothing is done
        then.
        """
