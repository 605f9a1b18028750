"""What runs the handlers of a WorkerPool in its thread: one task after the other, or several coroutines at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import WorkerTerminated
from ._seat import CRASHED, Seat

if TYPE_CHECKING:
    from .crew import Crew
    from .loop_tasks import LoopTasks
    from .server import Server

NANOSECONDS = 10**9
FOREVER = 2**64 - 1


class HandlerRunner(Seat):
    """Calls handlers in its thread; in an event loop from the first coroutine on."""

    def __init__(self, crew: Crew | Server) -> None:
        super().__init__(crew.queue)
        self.crew = crew
        self.can_be_replaced = False  # the start-up worked
        self.loop_tasks: LoopTasks | None = None  # as soon as there is a loop

    def nudge(self) -> None:
        """Has it look whether there is something in `own`, from any thread."""
        super().nudge()
        if self.loop_tasks is not None:
            self.loop_tasks.wake()

    def serve(self) -> None:
        """Until it is not wanted any more."""
        try:
            handlers = self.crew.handlers.load()
        except BaseException as error:
            if isinstance(error, WorkerTerminated):
                raise
            self.crew.fail(error)
            return
        self.can_be_replaced = True
        self.enter(handlers)
        try:
            self._work()
        except WorkerTerminated:
            raise
        except BaseException as error:  # no task's, as those get theirs
            self.crew.tell_of(error)
        finally:
            self.leave()

    def _work(self) -> None:
        crew = self.crew
        patience = FOREVER if crew.idle_timeout is None else int(min(crew.idle_timeout, 1e9) * NANOSECONDS)
        first = None
        if crew.concurrency == 1:
            while (first := self.work(patience)) is None:
                if crew.lets_go(self):
                    return
            if first is CRASHED:
                return
        import asyncio

        from .loop_tasks import LoopTasks

        asyncio.run(LoopTasks(self, crew.concurrency, crew.idle_timeout).serve(first))
