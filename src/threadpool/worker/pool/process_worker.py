"""One worker of a WorkerPool that is a process, from the outside: what it is sent and what comes back; see `server`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import WorkerCrashed, WorkerLost
from ..current import enter
from ..messages._queue import EMPTY, ENDED, Queue
from ..messages._receiver import unpacked
from ..messages.homes import daemon
from ..messages.passing import Moved
from ..process.options import ProcessOptions
from ..process.packing import PackedError, Pickled, pack, packed
from ..process.runtime import ProcessRuntime
from ..program import Program
from ..worker import Worker
from ._seat import Seat
from ._task import Task
from .server import Server

if TYPE_CHECKING:
    from .crew import Crew


def pack_task(task: Any, name: str | None) -> Any:
    """The task and the name of its handler, in one message. TypeError: the task cannot be pickled."""
    return packed(Moved((name, task.value), task.ports) if isinstance(task, Moved) else (name, task), "the task")


class ProcessProgram(Program):
    """What the processes of a pool run. TypeError: it cannot be pickled."""

    def __init__(self, server: Server, options: ProcessOptions) -> None:
        super().__init__(server, False)
        self.server = server
        self.path = server.handlers.path  # where its modules are found
        self.function = pack(server, "target")  # type: ignore[assignment]
        self.options = options


class ProcessWorker(Seat):
    """A thread that has a process run tasks: it sends one when the process has room for it."""

    def __init__(self, program: ProcessProgram, crew: Crew) -> None:
        super().__init__(crew.queue)
        self.crew = crew
        self.thread_id: int | None = None
        self.can_be_replaced = False
        self._program = program
        self._process: _Process | None = None
        self._is_terminated = False
        self._news = Queue()  # functions to call, with their arguments; it ends with the process
        self._numbers = itertools.count()
        self._calls: dict[int, _Call] = {}  # those that are not answered
        self._has_room = False
        self._is_leaving = False

    def start(self, name: str) -> None:
        """RuntimeError: the system has no thread for it."""
        daemon(name, self._run, name).start()

    def terminate(self) -> None:
        """Ends it, whatever it does."""
        self._is_terminated = True
        if self._process is not None:
            self._process.terminate()

    @property
    def was_terminated(self) -> bool:
        return self._process is not None and self._process._is_terminating

    def nudge(self) -> None:
        """Has it look whether there is something in `own`, from any thread."""
        self.wake()

    def wake(self) -> None:
        """There may be something to do, says any thread."""
        self._news.put((self._pull, ()))

    def _run(self, name: str) -> None:
        crew = self.crew
        enter(crew.context)  # the process ends with who made the pool
        handlers = {
            "ready": self._later(self._ready),
            "answer": self._answer,
            "failed": self._later(self._failed),
            "stray": self._later(self._stray),
        }
        try:
            process = self._process = _Process(self._program, handlers, crew.data, name)
        except BaseException as error:
            crew.cannot_start(self, error)
            return
        enter(process._context)
        if self._is_terminated:
            process.terminate()
        self.thread_id = process.thread_id
        crew.events.tell("worker_create", self.thread_id)
        process._end.add_done_callback(lambda end: self._news.end())
        while (news := self._news.get(self._patience())) is not ENDED:
            if news is EMPTY:
                self._expire()
            else:
                fn, arguments = news
                fn(*arguments)
                del news, fn, arguments
        self._lose(process)

    # What the process says

    def _later(self, fn: Callable[..., None]) -> Callable[..., object]:
        """In this worker's thread: what unpickles runs code of the program."""
        return lambda *fields: self._news.put((fn, fields))

    def _ready(self) -> None:
        if not self.can_be_replaced:
            self.can_be_replaced = True
            self.crew.start_up_worked()
        self._has_room = True
        self._pull()

    def _answer(self, number: int, *fields: Any) -> None:
        """In the reactor's thread: from now on the process is not killed for that task."""
        self._news.put((self._answered, (self._calls.pop(number), *fields)))

    def _answered(self, call: _Call, has_room: bool, error: tuple[str, str] | None, message: Any) -> None:
        result = None
        failure: BaseException | None = None
        if error is not None:
            failure = PackedError(*error, message).unpack()
        else:
            try:
                result = unpacked(message)
            except Exception as reason:
                failure = reason
        self._settle(call.task, result, failure)
        self._has_room = self._has_room or has_room
        self._pull()

    def _failed(self, error: tuple[str, str], message: Pickled | None) -> None:
        self.crew.fail(PackedError(*error, message).unpack())

    def _stray(self, error: tuple[str, str], message: Pickled | None) -> None:
        self.crew.tell_of(PackedError(*error, message).unpack())

    # What it is sent

    def send(self, kind: str, *fields: Any) -> None:
        assert self._process is not None
        self._process.runtime.link.send(kind, *fields)

    def kill(self, number: int) -> None:
        """That task does not end otherwise."""
        if number in self._calls:
            assert self._process is not None
            self._is_leaving = True
            self._process.runtime.kill()

    def _pull(self) -> None:
        queue = self.crew.queue
        while self._has_room and not self._is_leaving and not self._is_lost:
            is_ended = queue.is_ended  # looked at first: what was put in before can be taken after that
            task = self.take()
            if task is EMPTY:
                if is_ended:
                    self._leave()
                elif self.crew.waits(self):
                    return
                continue
            call = _Call(self, next(self._numbers), task)
            if self.begin(task, call):
                self._has_room = False
                self._calls[call.number] = call
                try:
                    call.send()
                except Exception as error:  # no memory
                    del self._calls[call.number]
                    self._has_room = True
                    self._settle(task, None, error)

    @property
    def _is_lost(self) -> bool:
        return self._process is None or self._process.runtime.link.is_lost

    def _settle(self, task: Task, result: Any, error: BaseException | None) -> None:
        try:
            self.finish(task, result, error)
        except BaseException as stray:  # of a callback
            self.crew.tell_of(stray)

    # The end

    def _patience(self) -> float | None:
        return self.crew.idle_timeout if self._has_room and not self.running and not self._is_leaving else None

    def _expire(self) -> None:
        if self.crew.lets_go(self):
            self._leave()
        else:
            self._pull()

    def _leave(self) -> None:
        self._is_leaving = True
        self.send("finish")

    def _lose(self, process: _Process) -> None:
        error = None if process._error is None else process._end_of_messages()
        if error is not None and not self.can_be_replaced and not self.was_terminated:
            self.can_be_replaced = isinstance(error, WorkerCrashed) and self.crew.is_first_crash()
            if not self.can_be_replaced:
                self.crew.fail(error)
        while self._calls:
            lost = WorkerLost("the worker's process has ended in the midst of the task")
            lost.__cause__ = error
            self._settle(self._calls.popitem()[1].task, None, lost)
        self.crew.lose(self)


class _Process(Worker):
    """Its link has more to tell, and what it runs is pickled once for all of them."""

    def __init__(
        self, program: ProcessProgram, handlers: dict[str, Callable[..., object]], data: Pickled, name: str
    ) -> None:
        self._program = program
        self._handlers = handlers
        super().__init__(program.server, data=data, name=name, runtime="process")

    def _new_runtime(self, runtime: str, program: Program, message: Any, options: ProcessOptions) -> ProcessRuntime:
        program, options = self._program, self._program.options
        self.runtime = ProcessRuntime(self, program, self._context, message, options, self._handlers)
        return self.runtime

    def _tell(self) -> None:
        """Of its error: tasks get that, or the pool, however late its thread comes to it."""


class _Call:
    """A task in the process, as who cancels it sees it. Told, the process raises CancelledError in it after a while."""

    def __init__(self, worker: ProcessWorker, number: int, task: Task) -> None:
        self.number = number
        self.task = task
        self._worker = worker
        self._is_sent = False
        self._is_told = False
        self._has_unwound = False

    def send(self) -> None:
        self._worker.send("task", self.number, self.task.value)
        self._is_sent = True
        if self._is_told:  # meanwhile
            self._worker.send("cancel", self.number)

    def tell(self) -> None:
        self._is_told = True
        if self._is_sent:
            self._worker.send("cancel", self.number)

    def interrupt(self) -> None:
        """After that exception should have ended it, its process is."""
        if self._has_unwound:
            self._worker.kill(self.number)
        self._has_unwound = True
