"""Atomic operations on the elements of shared buffers: JavaScript's Atomics, on every buffer of Python.

``buf`` is a C-contiguous buffer of 1-, 2-, 4- or 8-byte integers in native byte order, writable unless it is only
loaded from: a SharedBuffer (its bytes) or a view of one, a NumPy array, memoryview, bytearray, array.array, ctypes array
or mmap. ``index`` is an int from 0 up to, not including, the number of elements; an array with several dimensions takes
the flat index in C order. Values wrap modulo the width, as in C.

The operations are sequentially consistent and safe from any number of threads, on free-threaded builds and with the GIL.
The arguments are checked in the order buf, index, values, and nothing is written unless all pass: TypeError (not a
buffer of integers; an index or a value that is no integer), BufferError (read-only, not contiguous), ValueError
(elements not aligned), IndexError.

Source: ECMAScript 2026, 25.4 The Atomics Object.
"""

from typing import SupportsIndex, TypeVar

from typing_extensions import Buffer

_T = TypeVar("_T", bound=SupportsIndex)

def add(buf: Buffer, index: SupportsIndex, value: SupportsIndex, /) -> int:
    """Adds ``value`` to an element and returns what it was (ECMAScript, Atomics.add)."""

def sub(buf: Buffer, index: SupportsIndex, value: SupportsIndex, /) -> int:
    """Subtracts ``value`` from an element and returns what it was (ECMAScript, Atomics.sub)."""

def load(buf: Buffer, index: SupportsIndex, /) -> int:
    """Returns an element (ECMAScript, Atomics.load)."""

def store(buf: Buffer, index: SupportsIndex, value: _T, /) -> _T:
    """Writes an element and returns the value given (ECMAScript, Atomics.store)."""

def exchange(buf: Buffer, index: SupportsIndex, value: SupportsIndex, /) -> int:
    """Writes an element and returns what it was (ECMAScript, Atomics.exchange)."""

def compare_exchange(
    buf: Buffer, index: SupportsIndex, expected: SupportsIndex, replacement: SupportsIndex, /
) -> int:
    """Writes ``replacement`` if the element is ``expected``, and returns what it was, in any case.

    Source: ECMAScript, Atomics.compareExchange.
    """

def is_lock_free(nbytes: SupportsIndex, /) -> bool:
    """Whether operations on elements of ``nbytes`` bytes need no lock: 1, 2, 4 and 8 (ECMAScript, Atomics.isLockFree)."""

def pause() -> None:
    """Tells the CPU that the caller spins (ECMAScript, Atomics.pause). A thread that spins in Python should be rare."""
