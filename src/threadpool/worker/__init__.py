"""Workers with a program and a state of their own, and the messages between them: Node's worker_threads.

``parent_port``, ``worker_data``, ``is_main_thread`` and ``thread_id`` are those of the worker that imports them, see
`current`.
"""

from typing import Any

from .current import WorkerContext, current, get_environment_data, set_environment_data
from .messages._receiver import Message
from .messages.broadcast import BroadcastChannel
from .messages.port import MessageChannel, MessagePort
from .pool.worker_pool import WorkerPool
from .worker import Termination, Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    parent_port: MessagePort | Any  # None in the main thread, where hardly anybody looks at it
    worker_data: Any
    is_main_thread: bool
    thread_id: int

__all__ = [
    "BroadcastChannel",
    "Message",
    "MessageChannel",
    "MessagePort",
    "Termination",
    "Worker",
    "WorkerContext",
    "WorkerPool",
    "current",
    "get_environment_data",
    "is_main_thread",
    "parent_port",
    "set_environment_data",
    "thread_id",
    "worker_data",
]


def __getattr__(name: str) -> Any:
    # Looked up at each import, so that each worker gets its own.
    if name not in ("parent_port", "worker_data", "is_main_thread", "thread_id"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(current(), name)
    except AttributeError as error:  # of what has come, which an import would take for a name that is not there
        raise RuntimeError(f"{name} cannot be unpickled: {error}") from error


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
