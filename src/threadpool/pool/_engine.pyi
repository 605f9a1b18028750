from typing import Any, Literal

from typing_extensions import disjoint_base

@disjoint_base
class Engine:
    width: int
    started: int
    name: str
    def __new__(cls, width: int, name: str) -> Engine: ...
    def run(
        self,
        fn: Any,
        data: Any,
        workers: int | None,
        chunk: int | None,
        errors: Literal["raise", "group", "return"],
    ) -> list[Any]: ...
    def stop(self) -> None: ...
    def abandon(self) -> None: ...
