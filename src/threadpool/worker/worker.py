"""Worker: a thread, or a process, with a program of its own, and a channel to who made it."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Generator, Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol

from ..pool import lifecycle
from .current import WorkerContext, current
from .messages._endpoint import Endpoint
from .messages._inbox import Inbox, WorkerInbox
from .messages._moving import send_moving
from .messages._queue import EMPTY, Queue, spared
from .messages._receiver import unpacked
from .messages.homes import delivery, report
from .messages.passing import Moved
from .messages.port import MessagePort
from .process.options import ProcessOptions, Streams
from .program import Program
from .thread import ThreadRuntime

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType

    from .process.packing import PackedError

# What a worker that is to end is given to do so by itself, and then to unwind.
GRACE_SECONDS = 0.1
UNWIND_SECONDS = 1.0
KILL_SECONDS = 0.5  # what the system is given, at exit, to end a process
EXIT_SECONDS = 1.9  # what the end of the program is held up for, listeners included

_numbers = itertools.count(1)


class Runtime(Protocol):
    @property
    def pid(self) -> int: ...
    @property
    def streams(self) -> Streams: ...
    def start(self) -> None: ...
    def give_up(self) -> bool: ...
    def ask_to_end(self) -> None: ...
    def insist(self) -> None: ...
    def utilization(self) -> float: ...


class Termination:
    """What `Worker.terminate` returns: awaited, or asked for its `result`, it is the exit code."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def __await__(self) -> Generator[Any, None, int]:
        import asyncio

        return asyncio.wrap_future(self._worker._end).__await__()

    def result(self, timeout: float | None = None) -> int:
        """Waits for the end, and returns the exit code. TimeoutError: not within ``timeout`` seconds.

        RuntimeError: in the worker itself.
        """
        code = self._worker._wait(timeout)
        if code is None:
            raise TimeoutError(f"{self._worker!r} has not ended within {timeout} seconds")
        return code


class Worker(Endpoint):
    """Runs a program of its own: in a thread, which shares everything, or in a process.

    >>> from threadpool.worker import Worker
    >>> worker = Worker("from threadpool.worker import parent_port; parent_port.post_message(6 * 7)", eval=True)
    >>> worker.recv()
    42
    >>> worker.join()
    0

    ``target`` is the path of a Python file, in which ``__name__`` is ``"__main__"`` and `is_main_thread` is False; or a
    function that takes no arguments, perhaps a coroutine function, which then has an event loop; or source text, with
    ``eval=True``. In it, ``from threadpool.worker import parent_port, worker_data`` gives the `MessagePort` to who made
    the worker, and ``data``. When the program has ended, the worker goes on as long as it has a port with a listener
    for messages, also on the event loop of a coroutine function; ports that were transferred to it are closed then.

    Events: ``online``, when the program starts; ``message`` and ``messageerror`` as of a `MessagePort`; ``error``, with
    the exception that has ended it; and ``exit``, the last, with the exit code: 0, what ``sys.exit`` was given in it,
    or 1 after an exception or `terminate`. All messages sent before the end come before it, for those who listen for
    messages first. After the end, `recv` and ``async for`` raise the exception, once the messages are taken. An
    exception that nobody has got after a tenth of a second, by either way, is told by `threading.excepthook`.

    A worker does not keep the interpreter from ending: then, and when the worker that made it ends, it is terminated;
    see `join`. In a forked child no worker is there. A context manager, also an asynchronous one, which terminates it.

    ``runtime="thread"``: modules, ``sys.argv``, the environment and the standard streams are everybody's.

    ``runtime="process"``: a new interpreter, for what a thread cannot be: ended whatever it does, and alone in its
    crash, which is an ``error`` with `WorkerCrashed`. ``target`` and messages are pickled when they are sent, functions
    and classes by their names, and unpickled when they are taken; of the messages of a process that crashes those
    arrive that had left it. What two processes share is a SharedBuffer with ``process=True``. ``argv`` is what
    ``sys.argv`` has after the program's path. ``env`` is the whole environment, in which a program may need ``PATH`` or
    ``LD_LIBRARY_PATH``; None: as here. ``stdin``, ``stdout`` and ``stderr``: True makes a pipe, see the properties of
    that name; otherwise they are those of this process. ``resource_limits={"memory": bytes}`` limits its data; what
    does not cope with that otherwise is a MemoryError, so an ``error``. Not on Windows: NotImplementedError. OSError:
    the system has no process, or no file number, for it.

    TypeError and ValueError name the argument; RuntimeError: no thread can be started. A missing file or an error of
    syntax is an ``error`` of the worker. Thread-safe.
    Source: Node.js, worker_threads.Worker.
    """

    events = ("online", "message", "messageerror", "error", "exit")
    last_event = "exit"

    def __init__(
        self,
        target: Any,
        *,
        data: Any = None,
        name: str | None = None,
        runtime: Literal["thread", "process"] = "thread",
        eval: bool = False,
        transfer: Iterable[Any] = (),
        argv: Iterable[str] | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bool = False,
        stdout: bool = False,
        stderr: bool = False,
        resource_limits: Mapping[str, int] | None = None,
    ) -> None:
        program = Program(target, eval)
        options = ProcessOptions.checked(runtime, argv, env, resource_limits, stdin, stdout, stderr)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a str, not {type(name).__name__!r}")
        from concurrent.futures import Future

        self._end: Future[int] = Future()
        self._end.set_running_or_notify_cancel()  # it cannot be cancelled by who awaits it
        self._over = Queue()  # nothing is put in; it ends with the worker
        self._code: int | None = None
        self._error: BaseException | PackedError | None = None
        self._traceback: TracebackType | None = None
        self._is_terminating = False
        self._terminating = threading.RLock()
        delivery.be_ready()  # to end it, when there may be no thread for that
        here = current()
        number = next(_numbers)
        context = WorkerContext(number, f"worker-{number}" if name is None else str(name), here.environment.copy())
        self._context = context
        inbox, inside = WorkerInbox(), Inbox()
        self._connect(inbox, inside)
        context.parent_port = MessagePort._of(inside, inbox)
        self._parent = here
        interruption = send_moving(
            self._start, data, transfer, False, (), lambda data: self._new_runtime(runtime, program, data, options)
        )
        if interruption is not None:
            raise interruption
        if here.stop is not None and here.stop.is_set:  # it was terminated meanwhile, and may have missed this child
            self.terminate()

    def _start(self, runtime: Runtime) -> BaseException | None:
        """What came from elsewhere when it had started already: then that is ended, as nobody has this worker."""
        self._runtime = runtime
        try:
            self._parent.children.add(self)
            # Not interrupted, as that would reach the new thread instead, and end it before it tells that it runs
            # (3.11: until then it has the number of the thread that starts it).
            spared(runtime.start)
        except BaseException as error:
            if runtime.give_up():
                self._parent.children.discard(self)
                raise
            self.terminate()
            return error
        return None

    def _new_runtime(self, runtime: str, program: Program, message: Any, options: ProcessOptions) -> Runtime:
        if runtime == "process":
            from .process.runtime import ProcessRuntime

            return ProcessRuntime(self, program, self._context, message, options)
        self._context.worker_data = unpacked(message)
        if isinstance(message, Moved):
            self._context.own(message.ports)
        return ThreadRuntime(self, program, self._context)

    @property
    def pid(self) -> int:
        """The number of the process that it runs in."""
        return self._runtime.pid

    @property
    def stdin(self) -> IO[bytes] | None:
        """With ``stdin=True`` a stream into the standard input of its process. ``with worker`` closes all three."""
        return self._runtime.streams[0]

    @property
    def stdout(self) -> IO[bytes] | None:
        """With ``stdout=True`` a stream from its standard output."""
        return self._runtime.streams[1]

    @property
    def stderr(self) -> IO[bytes] | None:
        """With ``stderr=True`` a stream from its standard error."""
        return self._runtime.streams[2]

    @property
    def thread_id(self) -> int:
        """A number that no other worker of this process has, from 1."""
        return self._context.thread_id

    @property
    def name(self) -> str:
        """As it was given; also the name of the thread."""
        return self._context.name

    @property
    def exit_code(self) -> int | None:
        """None as long as it has not ended."""
        return self._code

    def __repr__(self) -> str:
        code = self.exit_code
        state = "running" if code is None else f"ended with {code}"
        return f"<Worker {self.thread_id} {self.name!r} {state}>"

    def utilization(self) -> float:
        """The part of its time for which it has not waited for messages, from 0 to 1."""
        return self._runtime.utilization()

    def join(self, timeout: float | None = None) -> int | None:
        """Waits until it has ended, and returns the exit code; None: it has not within ``timeout`` seconds.

        Also until its listeners on the delivery thread have been told all. RuntimeError: in the worker itself.
        """
        end = None if timeout is None else time.monotonic() + timeout
        code = self._wait(timeout)
        telling = None if code is None or delivery.is_here else self._until_told(delivery)
        if telling is not None and telling.get(None if end is None else max(0.0, end - time.monotonic())) is EMPTY:
            return None
        return code

    def _wait(self, timeout: float | None) -> int | None:
        if self._context is current():
            raise RuntimeError(f"the worker {self.name!r} cannot wait for its own end")
        if not self._end.done():
            self._over.get(timeout)  # a wait that ends when this thread is a worker that is to end
        return self.exit_code

    def terminate(self) -> Termination:
        """Ends the worker: ``await worker.terminate()``, or ``worker.terminate().result()``, is its exit code, 1.

        A thread is asked first: `cancelled` is true in it, and its waits for messages, and its event loop if that waits
        for some, end with `WorkerTerminated`. After a tenth of a second that exception is raised in its Python code,
        wherever it is. That cannot interrupt a call of C code that does not return to Python: ``time.sleep``, a read
        from a socket, a lock that is not released; nor code that catches `SystemExit` and goes on; nor an event loop
        that a script runs itself, before that loop turns, if nothing in it has listened or waited at a port. The
        worker's own workers are ended with it. May be called again.
        """
        with self._terminating:
            if not self._is_terminating and not self._end.done():
                self._runtime.ask_to_end()
                if not self._is_terminating:  # by a signal handler, in the midst of that
                    delivery.call_later(GRACE_SECONDS, self._insist)
                    self._is_terminating = True  # last, for the next to do it if who calls this is interrupted
        return Termination(self)

    def _insist(self) -> None:
        if not self._end.done():
            self._runtime.insist()
            delivery.call_later(UNWIND_SECONDS, self._insist)

    def close(self) -> None:
        """The same as `terminate`, without its result."""
        self.terminate()

    def _begin(self) -> None:
        """The runtime is about to run the program."""
        self._open().happen("online")

    def _end_with(self, code: int, error: BaseException | PackedError | None) -> None:
        """The last that the runtime does."""
        inbox = self._open()
        self._code = code  # for who hears of the end
        try:
            if error is not None:
                self._error = error
                self._traceback = error.__traceback__ if isinstance(error, BaseException) else None
                inbox.happen("error", error)
                _untold.add(self)
        finally:
            inbox.end_with("exit", code)
            self._parent.children.discard(self)
            self._end.set_result(code)
            self._over.end()
        if error is not None:
            delivery.call_later(GRACE_SECONDS, self._tell)

    def _vanish(self) -> None:
        """In the child of a fork, where the worker is not: it has ended. What others held or waited for is not used."""
        self._renew()
        self._own(WorkerInbox())
        self._end, self._over = type(self._end)(), Queue()
        self._end_with(1, None)

    def _tell(self) -> None:
        """Of its error, if nobody has got it in the meantime: who made the worker may have been about to listen."""
        if self not in _untold:
            return
        _untold.discard(self)
        if self._error is not None and self._is_unheard("error"):
            thread = threading.Thread(name=self.name)  # stands for that of the worker, or for its process
            report(unpacked(self._error), thread)

    def _end_of_messages(self) -> BaseException:
        if self._error is not None:
            _untold.discard(self)
            error: BaseException = unpacked(self._error)
            return error.with_traceback(self._traceback)  # without that of those who got it before
        return EOFError(f"the worker {self.name!r} has ended")

    @property
    def keeps_alive(self) -> bool:
        """Whether it keeps the worker alive whose thread its listeners run on."""
        return self._is_ref and any(self._listeners.get(event) for event in self.events)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.terminate().result()
        self._close_streams()

    async def __aenter__(self) -> Worker:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.terminate()
        self._close_streams()

    def _close_streams(self) -> None:
        for stream in self._runtime.streams:
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):  # what was written, and nobody has read
                    stream.close()


_untold: set[Worker] = set()  # those whose error nobody may have got


class _All:
    """The workers of the program: those that the main thread has made, as theirs end with them."""

    def stop(self) -> None:
        """At exit: no new threads can be started, so this waits by itself, for less than two seconds."""
        started = time.monotonic()
        workers = current().children.copy()
        for worker in workers:
            worker._is_terminating = True
            worker._runtime.ask_to_end()
        end = started + GRACE_SECONDS
        self._wait(workers, end)
        for pause in (UNWIND_SECONDS, KILL_SECONDS):
            for worker in workers:
                worker._insist()
            end += pause
            self._wait(workers, end)
        for worker in _untold.copy():
            worker._tell()
        delivery.drain(max(0.0, started + EXIT_SECONDS - time.monotonic()))

    def _wait(self, workers: Iterable[Worker], end: float) -> None:
        for worker in workers:
            worker._wait(max(0.0, end - time.monotonic()))

    def abandon(self) -> None:
        """In the child of a fork; see `renew_after_fork`."""

    def renew_after_fork(self) -> None:
        """No worker is there, and nobody waits for one; there may be others later."""
        _untold.clear()
        children = current().children
        while children:
            children.pop()._vanish()
        lifecycle.watched(self)


_all = lifecycle.watched(_All())
lifecycle.renewed_after_fork(_all)
