from typing import Any, Generic, TypeVar

from typing_extensions import disjoint_base

_T_contra = TypeVar("_T_contra", contravariant=True)
_R_co = TypeVar("_R_co", covariant=True)

@disjoint_base
class Kernel(Generic[_T_contra, _R_co]):
    """A function that `run` calls on many items without attaching a thread to the interpreter for any of them."""

    def __call__(self, data: _T_contra, /, **options: Any) -> _R_co: ...
