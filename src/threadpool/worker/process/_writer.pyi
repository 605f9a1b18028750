import socket
from collections.abc import Callable
from typing import Any, final

from .packing import Pickled

LEAST_BYTES_APART: int

def is_plain(value: Any) -> bool:
    """Whether it can be a field of a frame: small, never changed, and of nothing but Python's own types."""

@final
class Frame:
    """A kind, fields, which are plain, and perhaps a message, with its ports and files.

    Written as the length of the head, the head (by marshal) and parts, whose sizes are in the head. Before it come frames
    of the kind "file", one for each file, which takes that file along.
    """

    def __init__(
        self, kind: str, fields: tuple[Any, ...], ways: tuple[tuple[int, bool], ...], message: Pickled | None
    ) -> None: ...

@final
class Writer:
    """Writes to a connection that does not block; ``wait()`` is called when that has no room, and `resume` when it has.

    No Python code runs while a frame is written, so that neither a signal's exception nor the end of a worker can come
    between what is written and the note of it. Thread-safe.
    """

    def __init__(self, connection: socket.socket, wait: Callable[[], object]) -> None: ...
    def put(self, frame: Frame) -> None: ...
    def resume(self) -> None: ...
    def close(self) -> None:
        """Writes nothing any more: the connection may be closed."""
    def renew_after_fork(self) -> None:
        """In the child of a fork, where another thread of the parent may have held the lock: nothing is written here."""

    @property
    def is_empty(self) -> bool:
        """Whether all is written, or nobody reads any more."""
