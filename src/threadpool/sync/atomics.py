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

Source: ECMAScript 2026, 25.4 The Atomics Object.
"""

from ._atomics import (
    add,
    and_,
    compare_exchange,
    exchange,
    is_lock_free,
    load,
    maximum,
    minimum,
    or_,
    pause,
    store,
    sub,
    xor,
)

__all__ = [
    "add",
    "and_",
    "compare_exchange",
    "exchange",
    "is_lock_free",
    "load",
    "maximum",
    "minimum",
    "or_",
    "pause",
    "store",
    "sub",
    "xor",
]
