from collections.abc import Callable
from typing import Any, SupportsIndex, final

import numpy
from numpy.typing import DTypeLike

@final
class SharedBuffer:
    """Zero-filled memory for threads to share, aligned to 64 bytes, at an address that never changes.

    >>> counts = SharedBuffer(80).view("int64")
    >>> counts.shape
    (10,)

    A writable buffer of bytes for everything that takes one (memoryview, NumPy, files, `Atomics`). `Atomics` makes
    single elements safe to change from several threads at once; other writes are not synchronised. The memory lives as
    long as the object or any view of it.

    ``nbytes`` is a number of bytes, 0 or more. With ``max_nbytes`` it can `grow` up to that: addresses are reserved for
    all of it, memory is not. With ``process=True`` other processes share the memory: a fork inherits it, and it pickles
    to a handle, by which processes of the same user find it as long as this object is there; so keep it until they have
    it, and do not return one from a process that ends. Views of it pickle as any array: to a copy. Atomics work across
    processes, but for wait and notify. It has no name in the file system, and is gone with the last that has it.

    TypeError: no integer; ValueError: negative, or more than ``max_nbytes``; MemoryError; NotImplementedError:
    process=True on Windows. A context manager, which closes it. After `close`, its memory cannot be reached: ValueError.
    Safe from any thread.
    Source: ECMAScript 2026, 25.2 SharedArrayBuffer Objects.
    """

    def __new__(
        cls, nbytes: SupportsIndex, *, max_nbytes: SupportsIndex | None = None, process: bool = False
    ) -> SharedBuffer: ...
    @property
    def nbytes(self) -> int:
        """The size in bytes; also ``len(buffer)``."""

    @property
    def max_nbytes(self) -> int:
        """The size to which it can grow; of one that cannot, its size."""

    @property
    def growable(self) -> bool:
        """Whether it was made with ``max_nbytes``."""

    def grow(self, nbytes: SupportsIndex) -> None:
        """Makes it ``nbytes`` large, at the same address; what is new is zero. Views that exist keep their length.

        ValueError: it would shrink, or pass ``max_nbytes``; TypeError: it was made without; MemoryError.
        Source: ECMAScript, SharedArrayBuffer.prototype.grow.
        """

    def close(self) -> None:
        """Gives the memory back: of process=True, this process's part in it. Twice is as good as once.

        BufferError: there are views of it.
        """

    def __enter__(self) -> SharedBuffer: ...
    def __exit__(self, *error: object) -> None: ...
    def unlink(self) -> None:
        """Closes the file by which others find it; those that have the memory keep it. Twice is as good as once.

        ValueError: it was made without process=True.
        """

    def slice(self, start: SupportsIndex | None = 0, stop: SupportsIndex | None = None) -> SharedBuffer:
        """A copy of the bytes from ``start`` up to, not including, ``stop``, counted as in ``bytes[start:stop]``."""

    def view(
        self, dtype: DTypeLike, offset: SupportsIndex = 0, count: SupportsIndex | None = None
    ) -> numpy.ndarray[tuple[int], numpy.dtype[Any]]:
        """A NumPy array, of one dimension, that shares the memory and keeps it alive.

        ``offset`` is in bytes, and a multiple of the alignment of ``dtype``; ``count`` is in elements, by default all
        that follow. ValueError: out of range, not aligned, or no whole number of elements; TypeError: a dtype of objects.
        """

    def __len__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __release_buffer__(self, buffer: memoryview, /) -> None: ...

def transfer(source: SharedBuffer, target: SharedBuffer) -> None:
    """Moves the memory to a SharedBuffer without any, as `empty` makes it; from then on the source is like a closed one.

    ValueError: it is closed, or has no memory; BufferError: there are views of it.
    """

def empty() -> SharedBuffer:
    """A SharedBuffer that has no memory yet."""

def file_of(buffer: SharedBuffer, make_handle: Callable[[int], Any]) -> tuple[Any, bytes]:
    """What `attach` takes, in another process: what ``make_handle`` makes of the number of its file, and the token.

    TypeError: no process=True; ValueError: closed, or unlinked.
    """

def attach(handle: Any, token: bytes) -> SharedBuffer:
    """The SharedBuffer that another process has pickled."""
