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

    ``nbytes`` is a number of bytes, 0 or more. TypeError: no integer; ValueError: negative; MemoryError.
    Source: ECMAScript 2026, 25.2 SharedArrayBuffer Objects.
    """

    def __new__(cls, nbytes: SupportsIndex) -> SharedBuffer: ...
    @property
    def nbytes(self) -> int:
        """The size in bytes; also ``len(buffer)``."""

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
