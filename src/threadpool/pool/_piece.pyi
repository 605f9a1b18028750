from collections.abc import Iterable
from typing import Any

from typing_extensions import disjoint_base

from ._engine import Engine
from ._task import Task

@disjoint_base
class Gate:
    def next_finished(self, pieces: Iterable[Piece]) -> Piece: ...

@disjoint_base
class Piece(Task):
    count: int
    results: list[Any]
    error: BaseException | None
    nanoseconds: int
    def __init__(
        self, engine: Engine, gate: Gate, fn: Any, items: list[Any], context: Any, first: int
    ) -> None: ...
    def queue(self) -> None: ...
    def withdraw(self) -> None: ...
    def wait(self, deadline: float) -> bool: ...

def now() -> float:
    """Seconds by the clock of deadlines."""
