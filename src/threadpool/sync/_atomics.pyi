"""The operations of Atomics; threadpool.sync.atomics says what they have in common."""

from typing import Any, SupportsFloat, SupportsIndex, TypeVar, overload

import numpy
from numpy.typing import NDArray
from typing_extensions import Buffer

# NumPy's stubs say that an array is a buffer from Python 3.12 on.
_Buffer = Buffer | NDArray[Any]
_Number = SupportsIndex | SupportsFloat
_Indices = NDArray[numpy.integer[Any]]
_Values = _Number | NDArray[Any]
_T = TypeVar("_T", bound=_Number)

@overload
def add(buf: _Buffer, index: _Indices, value: _Values, /) -> None: ...
@overload
def add(buf: _Buffer, index: SupportsIndex, value: _Number, /) -> int | Any:
    """Adds ``value`` to an element and returns what it was (ECMAScript, Atomics.add)."""

@overload
def sub(buf: _Buffer, index: _Indices, value: _Values, /) -> None: ...
@overload
def sub(buf: _Buffer, index: SupportsIndex, value: _Number, /) -> int | Any:
    """Subtracts ``value`` from an element and returns what it was (ECMAScript, Atomics.sub)."""

@overload
def and_(buf: _Buffer, index: _Indices, value: _Values, /) -> None: ...
@overload
def and_(buf: _Buffer, index: SupportsIndex, value: _Number, /) -> int | Any:
    """Keeps the bits of an integer that ``value`` has, and returns what it was (ECMAScript, Atomics.and)."""

@overload
def or_(buf: _Buffer, index: _Indices, value: _Values, /) -> None: ...
@overload
def or_(buf: _Buffer, index: SupportsIndex, value: _Number, /) -> int | Any:
    """Sets the bits of an integer that ``value`` has, and returns what it was (ECMAScript, Atomics.or)."""

@overload
def xor(buf: _Buffer, index: _Indices, value: _Values, /) -> None: ...
@overload
def xor(buf: _Buffer, index: SupportsIndex, value: _Number, /) -> int | Any:
    """Changes the bits of an integer that ``value`` has, and returns what it was (ECMAScript, Atomics.xor)."""

@overload
def maximum(buf: _Buffer, index: _Indices, value: _Values, /) -> None: ...
@overload
def maximum(buf: _Buffer, index: SupportsIndex, value: _Number, /) -> int | Any:
    """Writes ``value`` if it is greater than an element, and returns what it was (C++26, fetch_max).

    Of floats as maximum of IEEE 754-2019: NaN if either is, and -0.0 is less than 0.0.
    """

@overload
def minimum(buf: _Buffer, index: _Indices, value: _Values, /) -> None: ...
@overload
def minimum(buf: _Buffer, index: SupportsIndex, value: _Number, /) -> int | Any:
    """Writes ``value`` if it is less than an element, and returns what it was (C++26, fetch_min).

    Of floats as minimum of IEEE 754-2019: NaN if either is, and -0.0 is less than 0.0.
    """

@overload
def load(buf: _Buffer, index: _Indices, /) -> NDArray[Any]: ...
@overload
def load(buf: _Buffer, index: SupportsIndex, /) -> int | Any:
    """Returns an element, or a new array of the elements at an array of indices (ECMAScript, Atomics.load)."""

@overload
def store(buf: _Buffer, index: _Indices, value: _Values, /) -> None: ...  # type: ignore[overload-overlap]
@overload
def store(buf: _Buffer, index: SupportsIndex, value: _T, /) -> _T:
    """Writes an element and returns the value given (ECMAScript, Atomics.store)."""

def exchange(buf: _Buffer, index: SupportsIndex, value: _Number, /) -> int | Any:
    """Writes an element and returns what it was (ECMAScript, Atomics.exchange)."""

def compare_exchange(buf: _Buffer, index: SupportsIndex, expected: _Number, replacement: _Number, /) -> int | Any:
    """Writes ``replacement`` if the element is ``expected``, and returns what it was, in any case.

    Floats are compared by their bits: a NaN equals itself, and -0.0 is not 0.0.
    Source: ECMAScript, Atomics.compareExchange.
    """

def wait(buf: _Buffer, index: SupportsIndex, value: SupportsIndex, /, timeout: SupportsFloat | None = None) -> str:
    """Waits until another thread notifies at an element, if that is ``value``: compares and waits in one step.

    ``buf`` has integers of 4 or 8 bytes and may be read-only. Returns "ok", "not-equal" at once, or "timed-out"
    after ``timeout`` seconds; None is for ever, 0 or less tests once. Only a notification wakes, first come first
    served, at the same memory by whichever buffer. Ctrl-C interrupts the main thread. ValueError: a timeout of NaN;
    RuntimeError: it would stop an asyncio loop that runs in this thread.
    Source: ECMAScript, Atomics.wait.
    """

def notify(buf: _Buffer, index: SupportsIndex, /, count: SupportsIndex | None = None) -> int:
    """Wakes ``count`` of those that wait at an element, by default all, and returns how many it has woken.

    ``buf`` has integers of 4 or 8 bytes and may be read-only. Those are woken first that came first.
    Source: ECMAScript, Atomics.notify.
    """

def is_lock_free(nbytes: SupportsIndex, /) -> bool:
    """Whether operations on elements of ``nbytes`` bytes need no lock: 1, 2, 4 and 8 (ECMAScript, Atomics.isLockFree)."""

def pause() -> None:
    """Tells the CPU that the caller spins (ECMAScript, Atomics.pause). A thread that spins in Python should be rare."""

lot: object

def _open_lot(can_spin: bool, main_thread: int | None, anew: bool, /) -> None:
    """Empties the parking lot: for the import, and after a fork."""

def _enqueue(buf: _Buffer, index: SupportsIndex, value: SupportsIndex, timeout: SupportsFloat | None, waiter: object, /) -> float | None:
    """For wait_async."""

def _count_waiters(buf: _Buffer, index: SupportsIndex, /) -> int:
    """How many wait at an element: for tests."""
