from collections.abc import Callable
from typing import Any, final

import numpy

from ._buffer_kernel import BufferKernel
from ._kernel import Kernel

@final
class PointerKernel(BufferKernel[Any]):
    """`int f(const void *data, size_t size, void *result)`, somewhere in memory."""

    def __new__(
        cls,
        fn: object,
        address: int,
        name: str,
        result_size: int,
        element: numpy.dtype[Any] | None,
        in_place: bool,
        errors: Callable[[int], BaseException],
    ) -> PointerKernel: ...

@final
class ScalarKernel(Kernel[float, Any]):
    """`double f(double)`, or with other types of number."""

    name: str
    def __new__(
        cls, fn: object, address: int, name: str, argument: numpy.dtype[Any], result: numpy.dtype[Any]
    ) -> ScalarKernel: ...
