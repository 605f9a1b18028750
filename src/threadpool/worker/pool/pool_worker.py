"""One worker of a WorkerPool that is a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import WorkerLost
from ..current import current, enter
from ..worker import Worker
from .handler_runner import HandlerRunner

if TYPE_CHECKING:
    from .crew import Crew


class PoolWorker(HandlerRunner):
    """Runs the tasks of its crew itself."""

    crew: Crew

    def __init__(self, crew: Crew) -> None:
        super().__init__(crew)
        self.worker: Worker | None = None
        self.thread_id: int | None = None

    def start(self, name: str) -> None:
        """RuntimeError: the system has no thread for it."""
        here = current()
        try:
            enter(self.crew.context)  # it ends with who made the pool, and not with who was the first to need it
            self.worker = Worker(self._run, data=self.crew.data, name=name)
        finally:
            enter(here)
        self.worker._end.add_done_callback(self._ended)

    def terminate(self) -> None:
        """Ends it, whatever it does."""
        if self.worker is not None:
            self.worker.terminate()

    @property
    def was_terminated(self) -> bool:
        return self.worker is not None and self.worker._is_terminating

    def _run(self) -> None:
        self.thread_id = current().thread_id
        self.crew.events.tell("worker_create", self.thread_id)
        self.serve()

    def _ended(self, end: object) -> None:
        for task in self.running.copy():  # which was about to go on in the event loop, that has ended instead
            self.finish(task, None, WorkerLost("the worker was terminated in the midst of the task"))
        self.crew.lose(self)
