from asyncio import Future as LoopFuture
from concurrent.futures import Future
from typing import Any

from typing_extensions import disjoint_base

from ..messages._queue import Queue
from ._account import Account
from ._task import Task
from .crew import Crew
from .server import Server

@disjoint_base
class TaskQueue(Queue):
    def __init__(self, crew: Crew | Server, limit: int | None) -> None: ...
    @property
    def account(self) -> Account: ...
    def run(self, value: Any, name: str | None, timeout: float | None) -> LoopFuture[Any]:
        """See `WorkerPool.run`."""

    def submit(self, value: Any, name: str | None, timeout: float | None) -> Future[Any]:
        """See `WorkerPool.submit`."""

    def prepare(self, value: Any, name: str | None, timeout: float | None = None) -> tuple[Task, Future[Any]]: ...
    def put_for(self, future: Any, value: Any) -> Task: ...
