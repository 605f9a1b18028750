from collections.abc import Iterable
from typing import Any

from typing_extensions import disjoint_base

from ._engine import Engine
from ._task import Task

PIECE_NANOSECONDS: int

@disjoint_base
class Gate:
    def keep_finished(self) -> None: ...
    def is_ready(self, pieces: Iterable[Piece]) -> bool: ...
    def wait(self, pieces: Iterable[Piece], deadline: float) -> Piece | None: ...

@disjoint_base
class Piece(Task):
    count: int
    rest: list[Piece]
    results: list[Any]
    nanoseconds: int
    def __init__(
        self, engine: Engine, gate: Gate, fn: Any, items: list[Any], context: Any, first: int, may_be_cut: bool
    ) -> None: ...
    def queue(self) -> None: ...
    def withdraw(self) -> None: ...
    def raise_error(self) -> None: ...

def now() -> float:
    """Seconds by the clock of deadlines."""
