"""SharedBuffer: zeroed memory of fixed address, for threads and processes to share."""

import operator
import os

cimport cython

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from threadpool.sync._parking cimport *

from . import _atomics
from .files import find_file, file_handle, new_file


cdef extern from "sync/memory.h":
    ctypedef struct tp_memory_head:
        unsigned char token[16]
        uint64_t maximum
        uint64_t growable

    ctypedef struct tp_memory:
        char *start
        size_t maximum
        size_t reserved
        int file

    ctypedef enum tp_growth:
        TP_GROWN
        TP_WOULD_SHRINK
        TP_TOO_LARGE
        TP_NO_ADDRESSES
        TP_NO_MEMORY

    bint tp_memory_open(tp_memory *memory, size_t length, size_t maximum) nogil
    bint tp_memory_map(tp_memory *memory, int file, size_t maximum) nogil
    size_t tp_memory_file_size(size_t maximum) nogil
    tp_memory_head *tp_memory_head_of(tp_memory *memory) nogil
    bint tp_memory_pin(tp_memory *memory) nogil
    void tp_memory_unpin(tp_memory *memory) nogil
    size_t tp_memory_length(tp_memory *memory) nogil
    tp_growth tp_memory_grow(tp_memory *memory, size_t length) nogil
    Py_ssize_t tp_memory_close(tp_memory *memory) nogil
    Py_ssize_t tp_memory_move(tp_memory *source, tp_memory *target) nogil
    void tp_memory_free(tp_memory *memory) nogil
    void tp_memory_unlink(tp_memory *memory) nogil


cdef tp_lot *lot = <tp_lot *>PyCapsule_GetPointer(_atomics.lot, "threadpool.sync._atomics.lot")
cdef object MOST_BYTES = (<size_t>-1 >> 1) - 4096
cdef object _BY_HANDLE = object()  # in place of a size: `attach` does the rest


@cython.final
cdef class SharedBuffer:
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

    cdef tp_memory memory
    cdef tp_range range            # of memory that processes share
    cdef bint is_open              # there is something to give back
    cdef bint is_shared            # by processes
    cdef bint is_growable
    cdef bint is_transferred       # to another SharedBuffer
    cdef object __weakref__

    def __cinit__(self, nbytes, *, max_nbytes=None, process=False):
        if nbytes is _BY_HANDLE:
            return
        self.is_growable = max_nbytes is not None
        length = size("nbytes", nbytes)
        maximum = size("max_nbytes", max_nbytes) if self.is_growable else length
        if length > maximum:
            raise ValueError(f"nbytes must not be more than max_nbytes, which is {maximum}, not {length}")
        if maximum > MOST_BYTES:
            raise MemoryError(f"no memory for a SharedBuffer of {maximum} bytes")
        if process:
            self.create_file(length, maximum)
            return
        if not tp_memory_open(&self.memory, length, maximum):
            raise MemoryError(f"no memory for a SharedBuffer of {length} bytes")
        self.is_open = True

    cdef int create_file(self, size_t length, size_t maximum) except -1:
        self.map_file(new_file(tp_memory_file_size(maximum)), maximum)
        cdef tp_memory_head *head = tp_memory_head_of(&self.memory)
        token = os.urandom(sizeof(head.token))
        memcpy(head.token, <const unsigned char *>token, sizeof(head.token))
        head.maximum = maximum
        head.growable = self.is_growable
        tp_memory_grow(&self.memory, length)
        return 0

    cdef int map_file(self, int file, size_t maximum) except -1:
        if not tp_memory_map(&self.memory, file, maximum):
            os.close(file)
            raise MemoryError(f"no addresses for a SharedBuffer of {maximum} bytes")
        self.is_open = self.is_shared = True
        self.range.start = self.memory.start
        self.range.size = maximum
        tp_lot_exclude(lot, &self.range)
        return 0

    def __dealloc__(self):
        if self.is_open and tp_memory_close(&self.memory) >= 0:  # nobody has a view: those keep the object
            self.give_back()

    cdef void give_back(self) noexcept:
        if self.is_shared:
            tp_lot_include(lot, &self.range)
        tp_memory_free(&self.memory)

    cdef int pin(self) except -1:
        if not tp_memory_pin(&self.memory):
            raise ValueError("the SharedBuffer was transferred, and is its new owner's" if self.is_transferred
                             else "the SharedBuffer is closed")
        return 0

    cdef size_t length(self) except? 0:
        self.pin()
        cdef size_t length = tp_memory_length(&self.memory)
        tp_memory_unpin(&self.memory)
        return length

    def __getbuffer__(self, Py_buffer *view, int flags):
        self.pin()
        try:
            PyBuffer_FillInfo(view, self, self.memory.start, tp_memory_length(&self.memory), False, flags)
        except BaseException:
            tp_memory_unpin(&self.memory)
            raise

    def __releasebuffer__(self, Py_buffer *view):
        tp_memory_unpin(&self.memory)

    @property
    def nbytes(self):
        """The size in bytes; also ``len(buffer)``."""
        return self.length()

    @property
    def max_nbytes(self):
        """The size to which it can grow; of one that cannot, its size."""
        return self.memory.maximum

    @property
    def growable(self):
        """Whether it was made with ``max_nbytes``."""
        return self.is_growable

    def __len__(self):
        return self.length()

    def __repr__(self):
        if not tp_memory_pin(&self.memory):
            return "SharedBuffer(transferred)" if self.is_transferred else "SharedBuffer(closed)"
        length = tp_memory_length(&self.memory)
        tp_memory_unpin(&self.memory)
        more = f", max_nbytes={self.memory.maximum}" if self.is_growable else ""
        return f"SharedBuffer({length}{more}{', process=True' if self.is_shared else ''})"

    def __reduce__(self):
        return attach, file_of(self, file_handle)

    def grow(self, nbytes):
        """Makes it ``nbytes`` large, at the same address; what is new is zero. Views that exist keep their length.

        ValueError: it would shrink, or pass ``max_nbytes``; TypeError: it was made without; MemoryError.
        Source: ECMAScript, SharedArrayBuffer.prototype.grow.
        """
        if not self.is_growable:
            raise TypeError("a SharedBuffer without max_nbytes cannot grow")
        length = size("nbytes", nbytes)
        self.pin()
        cdef tp_growth growth = TP_TOO_LARGE
        if length <= self.memory.maximum:
            growth = tp_memory_grow(&self.memory, length)
        before = tp_memory_length(&self.memory)
        tp_memory_unpin(&self.memory)
        if growth == TP_WOULD_SHRINK:
            raise ValueError(f"nbytes must not be less than it is now, {before}, not {length}")
        if growth == TP_TOO_LARGE:
            raise ValueError(f"nbytes must not be more than max_nbytes, which is {self.memory.maximum}, not {length}")
        if growth == TP_NO_ADDRESSES:
            raise MemoryError(f"there were addresses for {self.memory.reserved} bytes only, not for {length}")
        if growth == TP_NO_MEMORY:
            raise MemoryError(f"no memory for a SharedBuffer of {length} bytes")

    def close(self):
        """Gives the memory back: of process=True, this process's part in it. Twice is as good as once.

        BufferError: there are views of it.
        """
        cdef Py_ssize_t views = tp_memory_close(&self.memory)
        if views > 0:
            raise BufferError(f"the SharedBuffer has {views} {'view' if views == 1 else 'views'} and cannot be closed")
        if views == 0:
            self.give_back()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def unlink(self):
        """Closes the file by which others find it; those that have the memory keep it. Twice is as good as once.

        ValueError: it was made without process=True.
        """
        if not self.is_shared:
            raise ValueError("a SharedBuffer without process=True has no link")
        tp_memory_unlink(&self.memory)

    def slice(self, start=0, stop=None):
        """A copy of the bytes from ``start`` up to, not including, ``stop``, counted as in ``bytes[start:stop]``."""
        self.pin()
        cdef Py_ssize_t first, end
        cdef SharedBuffer copy
        try:
            first, end, _ = slice(start, stop).indices(tp_memory_length(&self.memory))
            copy = SharedBuffer(max(0, end - first))
            memcpy(copy.memory.start, self.memory.start + first, max(0, end - first))
        finally:
            tp_memory_unpin(&self.memory)
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
        if element.subdtype:
            raise TypeError(f"dtype must not be an array of elements, as {element} is")
        memory = memoryview(self)
        begin = integer("offset", offset)
        if not 0 <= begin <= memory.nbytes:
            raise ValueError(f"offset {begin} is out of range for {memory.nbytes} bytes")
        if begin % element.alignment:
            raise ValueError(f"offset {begin} is not a multiple of {element.alignment}, the alignment of {element}")
        room = (memory.nbytes - begin) // element.itemsize if element.itemsize else 0
        if count is None:
            if element.itemsize == 0 or (memory.nbytes - begin) % element.itemsize:
                raise ValueError(f"{memory.nbytes - begin} bytes are not a whole number of {element}")
            count = room
        elements = integer("count", count)
        if not 0 <= elements <= room:
            raise ValueError(f"count {elements} is out of range: from offset {begin} there is room for {room} of {element}")
        # As bytes first: by them the array holds the export of the memory, not only the object.
        return numpy.asarray(memory[begin:begin + elements * element.itemsize]).view(element)


def transfer(SharedBuffer source, SharedBuffer target):
    """Moves the memory to a SharedBuffer without any, as `empty` makes it; from then on the source is like a closed one.

    ValueError: it is closed, or has no memory; BufferError: there are views of it.
    """
    if not source.is_open:
        source.pin()  # says why it cannot, if it was closed
        raise ValueError("the SharedBuffer has no memory yet")
    cdef Py_ssize_t views = tp_memory_move(&source.memory, &target.memory)
    if views > 0:
        raise BufferError(f"the SharedBuffer has {views} {'view' if views == 1 else 'views'} and cannot be transferred")
    if views < 0:
        source.pin()  # says why it cannot
    source.is_transferred = True
    target.is_transferred = False
    target.is_open, source.is_open = source.is_open, False
    target.is_growable = source.is_growable
    target.is_shared = source.is_shared
    if source.is_shared:
        tp_lot_include(lot, &source.range)
        target.range.start = target.memory.start
        target.range.size = target.memory.maximum
        tp_lot_exclude(lot, &target.range)


def empty():
    """A SharedBuffer that has no memory yet."""
    return SharedBuffer.__new__(SharedBuffer, _BY_HANDLE)


def file_of(SharedBuffer buffer, make_handle):
    """What `attach` takes, in another process: what ``make_handle`` makes of the number of its file, and the token.

    TypeError: no process=True; ValueError: closed, or unlinked.
    """
    if not buffer.is_shared:
        raise TypeError("a SharedBuffer cannot be pickled or copied without process=True: its memory belongs to this "
                        "process, and a copy of it is what slice() makes")
    buffer.pin()
    cdef int file = buffer.memory.file
    try:
        if file < 0:
            raise ValueError("the SharedBuffer is unlinked: no other process can find it")
        return make_handle(file), bytes(tp_memory_head_of(&buffer.memory).token[:16])
    finally:
        tp_memory_unpin(&buffer.memory)


def attach(handle, token):
    """The SharedBuffer that another process has pickled."""
    file, maximum, growable = find_file(handle, token)
    cdef SharedBuffer buffer = SharedBuffer.__new__(SharedBuffer, _BY_HANDLE)
    buffer.map_file(file, maximum)
    buffer.is_growable = growable
    return buffer


cdef object integer(str name, value):
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__!r}") from None


cdef object size(str name, value):
    number = integer(name, value)
    if number < 0:
        raise ValueError(f"{name} must not be negative, not {number}")
    return number
