"""WorkerPool: workers that run the handler of a file, or a function, with one task after the other."""

from __future__ import annotations

import itertools
import operator
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ...pool._run import seconds
from ...pool.stats import Percentiles
from ...pool.width import workers as default_workers
from ..messages._moving import send_moving
from ..messages._receiver import running_loop, unpacked
from ..messages.homes import delivery
from ..process.options import ProcessOptions
from .crew import Crew
from .handlers import Handlers
from .pool_worker import PoolWorker

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

_C = TypeVar("_C", bound=Callable[..., Any])

_numbers = itertools.count(1)


class End:
    """What `WorkerPool.close` and `WorkerPool.destroy` return: awaited, or asked for its `result`, it waits."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def __await__(self) -> Generator[Any, None, None]:
        import asyncio

        self._crew.check_waiting("wait for the end of its pool")
        return asyncio.wrap_future(self._crew.end).__await__()

    def result(self, timeout: float | None = None) -> None:
        """Waits until all workers have ended. TimeoutError: they have not within ``timeout`` seconds.

        RuntimeError: in a worker of the pool, which would wait for itself.
        """
        self._crew.check_waiting("wait for the end of its pool")
        self._crew.end.result(timeout)


class WorkerPool:
    """Workers that run tasks, each with a state of its own that it keeps from task to task.

    >>> from threadpool.worker import WorkerPool
    >>> with WorkerPool(str.upper, 2) as pool:
    ...     pool.submit("hello").result()
    'HELLO'

    ``target`` is the path of a Python file, which each worker executes once, with ``__name__`` its name without the
    suffix; its handler is its function ``default``, and its other functions can be asked for by name. Or ``target`` is
    the handler itself. A handler is called with the task, in a worker, where ``worker_data`` is ``data``; what it
    returns, or the exception that it raises, is the result. Tasks and results go by reference between threads.

    A handler may be a coroutine function: from its first task on, the worker has an event loop, which goes on between
    the tasks until the worker ends, and with ``concurrent_tasks_per_worker`` runs so many of them at a time.

    ``workers``: how many, all from the beginning. Instead, ``min_workers`` start at once, by default as many as
    ``max_workers``, by default `threadpool.workers`; the others when there are more tasks than workers, and end after
    ``idle_timeout`` seconds without any. ``max_queue``: how many tasks may wait while all workers are busy; ``"auto"``
    is the square of ``max_workers``. ``name``: of the workers' threads, with a number.

    A worker that ends in the midst of a task, by ``sys.exit`` or without memory, fails only that task and is replaced.
    When a worker cannot start, because of a missing file, an error of syntax, an exception in the file or a file
    without ``default``, the pool is broken: all tasks, also new ones, fail with that exception.

    ``runtime="process"``: the workers are processes, with ``argv``, ``env`` and ``resource_limits`` as of `Worker`;
    handlers run in the main thread. The handler, ``data``, tasks and results are pickled: tasks when they are
    submitted, where a TypeError says so if one cannot be; a result that cannot be is a TypeError of its task. A process
    that crashes fails the tasks that it was running, or just sent, with `WorkerLost`, whose ``__cause__`` is a
    `WorkerCrashed`, and is replaced; one that crashes in its start-up is replaced once, and breaks the pool when the
    next one does, too. What cannot be interrupted is ended with its process, see `run`. Not on Windows:
    NotImplementedError.

    Events, by `on`, `once` and `off`: ``needs_drain``, when as many tasks wait as may; ``drain``, when there is room
    again; ``worker_create`` and ``worker_destroy``, with the `thread_id`; ``error``, with an exception that is no
    task's, which otherwise `threading.excepthook` is told.

    A context manager, also an asynchronous one, which closes the pool. A pool that is forgotten is closed; at the end
    of the interpreter, or of the worker that made it, it is destroyed. A forked child has the pool, with workers of its
    own and nothing queued. TypeError and ValueError name the argument. Thread-safe.
    Source: Piscina, a pool of Node.js workers.
    """

    def __init__(
        self,
        target: Any,
        workers: int | None = None,
        *,
        min_workers: int | None = None,
        max_workers: int | None = None,
        idle_timeout: float | None = None,
        max_queue: int | Literal["auto"] | None = None,
        concurrent_tasks_per_worker: int = 1,
        data: Any = None,
        runtime: Literal["thread", "process"] = "thread",
        argv: Iterable[str] | None = None,
        env: Mapping[str, str] | None = None,
        resource_limits: Mapping[str, int] | None = None,
        name: str | None = None,
    ) -> None:
        options = ProcessOptions.checked(runtime, argv, env, resource_limits)
        handlers = Handlers(target, runtime == "process")
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a str, not {type(name).__name__!r}")
        if workers is not None:
            if min_workers is not None or max_workers is not None:
                raise TypeError("workers must be None with min_workers or max_workers")
            min_workers = max_workers = _count("workers", workers, 1)
        elif max_workers is not None:
            max_workers = _count("max_workers", max_workers, 1)
        else:
            max_workers = max(default_workers(), min_workers or 0)
        min_workers = max_workers if min_workers is None else _count("min_workers", min_workers, 0)
        if min_workers > max_workers:
            raise ValueError(f"min_workers must be at most max_workers, which is {max_workers}, not {min_workers}")
        if idle_timeout is not None:
            idle_timeout, given = seconds("idle_timeout", idle_timeout), idle_timeout
            if given < 0:
                raise ValueError(f"idle_timeout must be 0 or more seconds, or None, not {given!r}")
        if max_queue == "auto":
            max_queue = max_workers**2
        concurrency = _count("concurrent_tasks_per_worker", concurrent_tasks_per_worker, 1)
        new_worker: Callable[[Crew], Any] = PoolWorker
        self._pack: Callable[[Any, str | None], Any] | None = None
        if runtime == "process":
            from ..process.packing import pack
            from .process_worker import ProcessProgram, ProcessWorker, pack_task
            from .server import Server

            self._pack = pack_task
            data = pack(data, "data")
            new_worker = partial(ProcessWorker, ProcessProgram(Server(handlers, concurrency), options))
        self._started = time.monotonic()
        self._crew = crew = Crew(
            handlers,
            min_workers=min_workers,
            max_workers=max_workers,
            idle_timeout=idle_timeout,
            max_queue=None if max_queue is None else _count("max_queue", max_queue, 0),
            concurrency=concurrency,
            data=data,
            new_worker=new_worker,
            name=f"pool-{next(_numbers)}" if name is None else str(name),
        )
        self._queue = crew.queue
        weakref.finalize(self, crew.close).atexit = False
        for _ in range(min_workers):
            crew.grow()

    # Tasks

    def run(
        self,
        task: Any,
        *,
        name: str | None = None,
        timeout: float | None = None,
        transfer: Iterable[Any] = (),
        copy: bool = False,
    ) -> asyncio.Future[Any]:
        """Has a worker run the task: ``await pool.run(task)``, in an event loop, is what the handler returns.

        The handler is the function ``name`` of the file, by default ``default``. ``copy`` and ``transfer`` are those of
        `Worker.post_message`. Does not wait. Many at a time: ``await asyncio.gather(*map(pool.run, tasks))``.

        Cancelling the future cancels the task: if it has not started, it never does. If it runs, `cancelled` is true in
        it at once; a coroutine gets `asyncio.CancelledError` at once where it awaits something; in other code that
        exception is raised after a tenth of a second, wherever that is, and again after each second. A call of C code
        that does not return, such as ``time.sleep``, is not interrupted. The worker goes on with its state. A process
        in which the task has not ended a second after that exception is killed: what else ran in it fails with
        `WorkerLost`, and another process takes its place.
        After ``timeout`` seconds, counted from when the task starts, it is cancelled too, and the future raises
        TimeoutError.

        QueueFull: as many tasks wait as may. RuntimeError: the pool is closed, or no event loop runs here, see
        `submit`.
        """
        if not transfer and not copy:
            return self._queue.run(task if self._pack is None else self._pack(task, name), name, timeout)
        in_process = self._pack
        pack = unpacked if in_process is None else lambda message: in_process(message, name)
        run = partial(self._queue.run, name=name, timeout=timeout)
        return send_moving(run, task, transfer, copy, (), pack)

    def submit(self, task: Any, *, name: str | None = None, timeout: float | None = None) -> Future[Any]:
        """The same where no event loop runs, from any thread: returns a `concurrent.futures.Future`.

        Its ``cancel`` cancels a task that has not started.
        """
        return self._queue.submit(task if self._pack is None else self._pack(task, name), name, timeout)

    def broadcast(self, task: Any, *, name: str | None = None) -> list[Any]:
        """Has each of the workers that are there run the task, waits for them, and returns the results.

        Raises the first exception when all have ended. RuntimeError: the pool is closed, or it is one of its workers,
        or an event loop, that would wait; there: ``await asyncio.to_thread(pool.broadcast, task)``.
        """
        self._crew.check_waiting("broadcast")
        if running_loop() is not None:
            raise RuntimeError(
                "broadcast would block the event loop that is running in this thread: see asyncio.to_thread"
            )
        from concurrent.futures import wait

        futures = self._crew.post_to_all(task if self._pack is None else self._pack(task, name), name)
        wait(futures)
        return [future.result() for future in futures]

    # The end

    def close(self, timeout: float | None = None) -> End:
        """Accepts no tasks any more, and ends when those that it has are done.

        Does not wait: ``await pool.close()`` or ``pool.close().result()`` do. What has not ended after ``timeout``
        seconds is destroyed.
        """
        if timeout is not None:
            timeout = seconds("timeout", timeout)
        self._crew.close()
        if timeout is not None:
            delivery.call_later(timeout, self._crew.destroy)
        return End(self._crew)

    def destroy(self) -> End:
        """Terminates all workers, see `Worker.terminate`; tasks that have not ended fail with RuntimeError.

        Does not wait: ``await pool.destroy()`` or ``pool.destroy().result()`` do.
        """
        self._crew.destroy()
        return End(self._crew)

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close().result()

    async def __aenter__(self) -> WorkerPool:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    # Events

    def on(self, event: str, callback: _C) -> _C:
        """Calls ``callback`` with each event of that name, where `Worker.on` would. Returns the callback."""
        return self._crew.events.on(event, callback)

    def once(self, event: str, callback: _C) -> _C:
        """The same for the next event only."""
        return self._crew.events.once(event, callback)

    def off(self, event: str, callback: Callable[..., Any]) -> None:
        """Does not call ``callback`` for that event any more."""
        self._crew.events.off(event, callback)

    # Figures

    @property
    def workers(self) -> int:
        """How many are there."""
        return len(self._crew.workers)

    @property
    def queue_size(self) -> int:
        """How many tasks wait for a worker."""
        return int(self._queue.account.figures()["queued"])

    @property
    def needs_drain(self) -> bool:
        """Whether as many tasks wait as may: another one would be refused."""
        return self._queue.account.is_full

    @property
    def completed(self) -> int:
        """How many tasks have returned something."""
        return int(self._queue.account.figures()["completed"])

    @property
    def failed(self) -> int:
        """How many have raised something, or lost their worker. Those that were cancelled are not among them."""
        return int(self._queue.account.figures()["failed"])

    @property
    def utilization(self) -> float:
        """The part of the time of ``max_workers`` workers, since the pool was made, for which tasks ran: 0 to 1."""
        capacity = (time.monotonic() - self._started) * self._crew.max_workers * self._crew.concurrency
        return min(1.0, self._queue.account.figures()["busy_seconds"] / capacity) if capacity else 0.0

    @property
    def run_time(self) -> Percentiles:
        """How many seconds tasks took."""
        return Percentiles(*self._queue.account.figures()["run_times"])

    @property
    def wait_time(self) -> Percentiles:
        """How many seconds they had waited before."""
        return Percentiles(*self._queue.account.figures()["wait_times"])

    def __repr__(self) -> str:
        return f"<WorkerPool {self._crew.name!r} of {self._crew.handlers!r}, {self.workers} workers>"


def _count(name: str, number: Any, least: int) -> int:
    try:
        count = operator.index(number)
    except TypeError:
        raise TypeError(f"{name} must be an int, not {type(number).__name__!r}") from None
    if not least <= count <= 2**31:
        raise ValueError(f"{name} must be at least {least}, not {number!r}")
    return count
