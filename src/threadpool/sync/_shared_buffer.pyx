"""SharedBuffer: zeroed memory of fixed address, for threads to share."""

import operator

cimport cython

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy

cdef enum: ALIGNMENT = 64


@cython.final
cdef class SharedBuffer:
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

    cdef void *memory            # as it was allocated
    cdef char *start             # the first aligned byte of it
    cdef Py_ssize_t length
    cdef object __weakref__

    def __cinit__(self, nbytes):
        self.length = size(nbytes)
        self.memory = PyMem_RawCalloc(1, <size_t>self.length + ALIGNMENT)
        if self.memory is NULL:
            raise MemoryError(f"no memory for a SharedBuffer of {self.length} bytes")
        self.start = <char *>((<uintptr_t>self.memory + ALIGNMENT - 1) & ~<uintptr_t>(ALIGNMENT - 1))

    def __dealloc__(self):
        PyMem_RawFree(self.memory)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.start, self.length, False, flags)

    @property
    def nbytes(self):
        """The size in bytes; also ``len(buffer)``."""
        return self.length

    def __len__(self):
        return self.length

    def __repr__(self):
        return f"SharedBuffer({self.length})"

    def __reduce__(self):
        raise TypeError("a SharedBuffer cannot be pickled: its memory belongs to this process")

    def slice(self, start=0, stop=None):
        """A copy of the bytes from ``start`` up to, not including, ``stop``, counted as in ``bytes[start:stop]``."""
        first, end, _ = slice(start, stop).indices(self.length)
        cdef SharedBuffer copy = SharedBuffer(max(0, end - first))
        memcpy(copy.start, self.start + <Py_ssize_t>first, copy.length)
        return copy

    def view(self, dtype, offset=0, count=None):
        """A NumPy array, of one dimension, that shares the memory and keeps it alive.

        ``offset`` is in bytes, and a multiple of the alignment of ``dtype``; ``count`` is in elements, by default all
        that follow. ValueError: out of range, not aligned, or no whole number of elements; TypeError: a dtype of objects.
        """
        import numpy

        element = numpy.dtype(dtype)
        if element.hasobject:
            raise TypeError(f"dtype must not hold Python objects, not {element}")
        begin = integer("offset", offset)
        if not 0 <= begin <= self.length:
            raise ValueError(f"offset {begin} is out of range for {self.length} bytes")
        if begin % element.alignment:
            raise ValueError(f"offset {begin} is not a multiple of {element.alignment}, the alignment of {element}")
        room = (self.length - begin) // element.itemsize if element.itemsize else 0
        if count is None:
            if element.itemsize == 0 or (self.length - begin) % element.itemsize:
                raise ValueError(f"{self.length - begin} bytes are not a whole number of {element}")
            count = room
        elements = integer("count", count)
        if not 0 <= elements <= room:
            raise ValueError(f"count {elements} is out of range: from offset {begin} there is room for {room} of {element}")
        return numpy.ndarray(elements, element, buffer=self, offset=begin)


cdef object integer(str name, value):
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__!r}") from None


cdef Py_ssize_t size(value) except -1:
    number = integer("nbytes", value)
    if number < 0:
        raise ValueError(f"nbytes must not be negative, not {number}")
    if number > (<size_t>-1 >> 1) - ALIGNMENT:
        raise MemoryError(f"no memory for a SharedBuffer of {number} bytes")
    return number
