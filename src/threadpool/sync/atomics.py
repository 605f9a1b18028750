"""Atomic operations on the elements of shared buffers: JavaScript's Atomics, on every buffer of Python.

``buf`` is a C-contiguous buffer of 1-, 2-, 4- or 8-byte integers, of float32 or float64, in native byte order,
writable unless it is only loaded from: a SharedBuffer (its bytes) or a view of one, a NumPy array, memoryview,
bytearray, array.array, ctypes array or mmap. Floats have no and_, or_ and xor. ``index`` is an int from 0 up to, not
including, the number of elements; an array with several dimensions takes the flat index in C order. Integers wrap
modulo the width, as in C; maximum and minimum compare what is left. A value for float32 is rounded to the nearest.

A NumPy array of integers as ``index`` makes one call for many elements, without the interpreter: each is changed
atomically, the call as a whole is not. ``value`` is one for all, or an array of the same shape. add, sub, and_, or_,
xor, maximum, minimum and store return None then, load an array.

The operations are sequentially consistent and safe from any number of threads, on free-threaded builds and with the
GIL. In CPython 3.13t a bytearray or array.array must not be resized meanwhile, and other code must not take
memoryviews of it in several threads. The arguments are checked in the order buf, index, values, and nothing is
written unless all pass: TypeError (not such a buffer; an index or a value that is no integer, or no number),
BufferError (read-only, not contiguous), ValueError (elements not aligned; arrays of different shapes), IndexError. An
array of indices that another thread writes to during the call raises IndexError when one is out of range as it is
used, after those before it.

Where index, value and buf of one call overlap, what is read of them may be old or new. The mask of a masked array is
not looked at. ctypes.resize must not be called meanwhile. wait and notify reach the threads of this process.

Source: ECMAScript 2026, 25.4 The Atomics Object.
"""

from __future__ import annotations

import os
import threading

from ..cores import usable_cores
from ._atomics import (
    _open_lot,
    add,
    and_,
    compare_exchange,
    exchange,
    is_lock_free,
    load,
    maximum,
    minimum,
    notify,
    or_,
    pause,
    store,
    sub,
    wait,
    xor,
)

TYPE_CHECKING = False  # importing typing takes as long as importing half of this library
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any, SupportsFloat, SupportsIndex

    from numpy.typing import NDArray
    from typing_extensions import Buffer

__all__ = [
    "add",
    "and_",
    "compare_exchange",
    "exchange",
    "is_lock_free",
    "load",
    "maximum",
    "minimum",
    "notify",
    "or_",
    "pause",
    "store",
    "sub",
    "wait",
    "wait_async",
    "xor",
]


def wait_async(
    buf: Buffer | NDArray[Any], index: SupportsIndex, value: SupportsIndex, /, timeout: SupportsFloat | None = None
) -> Coroutine[Any, Any, str]:
    """`wait` for asyncio: ``await Atomics.wait_async(buf, index, value)``, while the event loop goes on.

    The call itself compares and takes its place in the queue, so a notification that comes before the ``await`` counts.
    It takes no thread, and a notification may come from any, also from C code without the interpreter. Cancelling the
    await leaves the queue; if a notification has come already, the next one that waits is woken in its place.
    RuntimeError: no event loop runs in this thread; otherwise as `wait`.
    Source: ECMAScript, Atomics.waitAsync.
    """
    from .waiting import begin

    return begin(buf, index, value, timeout)


def _open(anew: bool = False) -> None:
    _open_lot(usable_cores() > 1, threading.main_thread().ident, anew)


_open()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _open(True))
