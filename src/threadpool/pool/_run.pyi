from typing import Any

from typing_extensions import disjoint_base

from ._engine import Engine

@disjoint_base
class Handle:
    def cancel(self) -> None: ...

@disjoint_base
class Run:
    def __init__(
        self,
        engine: Engine,
        fn: Any,
        data: Any,
        workers: int | None,
        chunk: int | None,
        errors: str,
        timeout: float | None,
        report: Any = None,
        star: bool = False,
        handle: Handle | None = None,
        context: Any = None,
        first: int = 0,
        item_by_item: bool = False,
    ) -> None: ...
    def __call__(self) -> list[Any]: ...
    def cut_after(self, nanoseconds: int) -> None: ...
    def results_before_failure(self) -> list[Any]: ...

def check_open(engine: Engine) -> int: ...
def at_least_one(name: str, value: Any) -> int: ...
def seconds(name: str, value: Any) -> float: ...
