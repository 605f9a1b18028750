from concurrent.futures import Future as BaseFuture
from typing import Any, TypeVar

from typing_extensions import disjoint_base

from ._engine import Engine
from ._task import Task

_T = TypeVar("_T")

@disjoint_base
class Call(Task):
    def __init__(
        self, engine: Engine, future: Any, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None: ...
    def queue(self, insist: bool) -> None: ...
    def post(self, index: int) -> bool: ...
    def withdraw(self) -> None: ...

def result(self: BaseFuture[_T], timeout: float | None = None) -> _T: ...
def exception(self: BaseFuture[Any], timeout: float | None = None) -> BaseException | None: ...
