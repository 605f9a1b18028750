"""The worker of a WorkerPool that is a process, from the inside; see `process_worker` for the other side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, cast

from ..current import current
from ..messages._receiver import unpacked
from ..process.child import ProcessContext, interrupt_system_call
from ..process.packing import PackedError, packed
from ._seat import CRASHED
from ._task import Task
from ._task_queue import TaskQueue
from .handler_runner import HandlerRunner
from .handlers import Handler, Handlers


class Server:
    """The program of the process, and its runner's crew: tasks come over the link, and their outcomes go back.

    The other side sends a task when it was told that there is room for one, so that each starts when it arrives.
    """

    idle_timeout = None  # it is told to end
    max_queue = None

    def __init__(self, handlers: Handlers, concurrency: int) -> None:
        self.handlers = handlers
        self.concurrency = concurrency
        self.name = ""

    def __call__(self) -> None:
        self._link = cast(ProcessContext, current()).link
        self._replies: dict[int, Reply] = {}  # of tasks that have not ended
        self.outbox: deque[Reply] = deque()
        self.queue = TaskQueue(self, None)
        self.queue.account.set_capacity(None)
        self._runner = _Runner(self)
        self._link.handle("task", self._take)
        self._link.handle("cancel", self._cancel)
        self._link.handle("finish", self.queue.end)
        self._runner.serve()

    # Of the link, in the reactor's thread

    def _take(self, number: int, message: Any) -> None:
        reply = self._replies[number] = Reply(self, number)
        self.queue.put_for(reply, message)

    def _cancel(self, number: int) -> None:
        from asyncio import CancelledError

        reply = self._replies.get(number)
        task = None if reply is None else reply._task
        if task is not None and not task.fail(CancelledError()):
            task.stop()

    # Of the runner

    def tell(self, has_room: bool) -> None:
        """What has become of tasks, and whether another one may come."""
        while self.outbox:
            reply = self.outbox.popleft()
            del self._replies[reply.number]
            error, message = reply.packed()
            self._link.send("answer", reply.number, has_room, error, message)
            has_room = False
        if has_room:
            self._link.send("ready")

    def lets_go(self, runner: HandlerRunner) -> bool:
        return self.queue.is_ended

    def waits(self, loop_tasks: object) -> bool:
        return self.queue.arm()

    def wake_waiting(self) -> None:
        self._runner.nudge()

    def fail(self, error: BaseException) -> None:
        self._tell_of("failed", error)

    def tell_of(self, error: BaseException) -> None:
        self._tell_of("stray", error)

    def _tell_of(self, kind: str, error: BaseException) -> None:
        packed = PackedError.of(error)
        self._link.send(kind, (packed.name, packed.text), packed.pickled)


class Reply:
    """The future of a task, as far as it knows."""

    _task: Task | None

    def __init__(self, server: Server, number: int) -> None:
        self.number = number
        self._server = server
        self._error: BaseException | None = None
        self._result: Any = None

    def set_result(self, result: Any) -> None:
        self._result = result
        self._server.outbox.append(self)

    def set_exception(self, error: BaseException) -> None:
        self._error = error
        self._server.outbox.append(self)

    def packed(self) -> tuple[tuple[str, str] | None, Any]:
        """The name and the text of an exception, and the exception or the result."""
        if self._error is None:
            try:
                return None, packed(self._result, "the result")
            except Exception as error:
                self._error = error
        failure = PackedError.of(self._error)
        return (failure.name, failure.text), failure.pickled


class _Runner(HandlerRunner):
    """Tells the server after each step how it went."""

    crew: Server

    def __init__(self, crew: Server) -> None:
        super().__init__(crew)
        self._is_asked = False  # a task may be on its way
        self._has_crashed = False

    def enter(self, handlers: Callable[[str | None], Handler]) -> None:
        def call(message: Any) -> Any:
            name, task = unpacked(message)
            return handlers(name)(task)

        super().enter(lambda _: call)
        self._tell(None)

    def run(self, task: Task) -> Any:
        self._is_asked = False
        outcome = super().run(task)
        self._tell(outcome)
        return outcome

    def finish(self, task: Task, outcome: Any, error: BaseException | None) -> Any:
        result = super().finish(task, outcome, error)
        self._tell(result)
        return result

    def interrupt(self) -> None:
        super().interrupt()
        interrupt_system_call()

    def _tell(self, outcome: Any) -> None:
        self._has_crashed = self._has_crashed or outcome is CRASHED
        has_room = not (self._has_crashed or self._is_asked) and len(self.running) < self.crew.concurrency
        self._is_asked = self._is_asked or has_room
        self.crew.tell(has_room)
