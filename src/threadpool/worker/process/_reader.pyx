"""How frames are read from a socket; see `_writer.pyx` for what they are."""

from collections import deque

cimport cython
from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_FromStringAndSize
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memmove

from threadpool.worker.process._stream cimport *

from threadpool.worker.process.packing import File

cdef extern from "marshal.h":
    object PyMarshal_ReadObjectFromString(const char *data, Py_ssize_t size)

# So much is read at a time; what is missing of a larger part is read to where it belongs.
cdef enum: CHUNK_SIZE = 64 * 1024


@cython.final
cdef class FrameReader:
    """Has ``arrive`` called with each frame: with the kind, the fields, the ways of ports, the files, and the parts.

    The parts are None if there is no memory for them.
    """

    cdef int stream
    cdef object arrive
    cdef char *buffer                      # of which the bytes from `start` to `end` are still to be looked at
    cdef Py_ssize_t capacity, start, end
    cdef object received                   # numbers of files whose frames have not been read to the end
    cdef list files
    cdef object kind                       # of the frame whose head was read, with what follows here
    cdef tuple fields, ways, sizes
    cdef Py_ssize_t file_count
    cdef list parts                        # None: there is no memory for them
    cdef Py_ssize_t part                   # the number of the one that is read, or is to be
    cdef bytearray room                    # for that part; None: it is skipped, or has not begun
    cdef Py_ssize_t left                   # bytes of it that are missing

    def __cinit__(self, *args):
        self.capacity = CHUNK_SIZE
        self.buffer = <char *>malloc(CHUNK_SIZE)
        if self.buffer is NULL:
            raise MemoryError("no memory to read messages")

    def __init__(self, connection, arrive):
        self.stream = connection.fileno()
        self.arrive = arrive
        self.received = deque()
        self.files = []

    def __dealloc__(self):
        free(self.buffer)

    def read(self):
        """Reads what is there. False: the other side is gone."""
        cdef int numbers[TP_STREAM_FILES]
        cdef size_t file_count
        cdef Py_ssize_t count
        cdef bint is_direct = self.room is not None and self.left >= CHUNK_SIZE
        cdef char *target
        if is_direct:
            target = PyByteArray_AS_STRING(self.room) + len(self.room) - self.left
            count = tp_stream_read(self.stream, target, self.left, numbers, &file_count)
        else:
            self.make_room()
            target = self.buffer + self.end
            count = tp_stream_read(self.stream, target, self.capacity - self.end, numbers, &file_count)
        for i in range(<Py_ssize_t>file_count):
            self.received.append(numbers[i])
        if count == TP_STREAM_BUSY:
            return True
        if count <= 0:
            return False
        if is_direct:
            self.left -= count
        else:
            self.end += count
        while self.take_frame():
            pass
        return True

    cdef int make_room(self) except -1:
        cdef char *larger
        if self.start:
            memmove(self.buffer, self.buffer + self.start, self.end - self.start)
            self.end -= self.start
            self.start = 0
        if self.end == self.capacity:  # for a head that is as long
            larger = <char *>realloc(self.buffer, self.capacity * 2)
            if larger is NULL:
                raise MemoryError("no memory for the head of a message")
            self.buffer = larger
            self.capacity *= 2
        return 0

    cdef bint take_frame(self) except -1:
        """False: none has been read to its end."""
        if self.sizes is None and not self.take_head():
            return False
        while self.part < len(self.sizes):
            if not self.take_part():
                return False
        kind, fields, ways, parts, self.sizes = self.kind, self.fields, self.ways, self.parts, None
        if kind == "file":
            # The system throws away one for which there is no number. Those that follow come with their own frames.
            self.files.append(File(self.received.popleft()) if self.received else None)
            return True
        files = self.files[:self.file_count]
        del self.files[:self.file_count]
        self.arrive(kind, fields, ways, files, parts)
        return True

    cdef bint take_head(self) except -1:
        cdef const unsigned char *prefix = <const unsigned char *>self.buffer + self.start
        cdef Py_ssize_t there = self.end - self.start
        cdef Py_ssize_t size = 0
        if there < PREFIX_SIZE:
            return False
        for i in range(PREFIX_SIZE):
            size |= <Py_ssize_t>prefix[i] << (8 * i)
        if there < PREFIX_SIZE + size:
            return False
        head = PyMarshal_ReadObjectFromString(self.buffer + self.start + PREFIX_SIZE, size)
        self.start += PREFIX_SIZE + size
        self.kind, self.fields, self.ways, self.file_count, self.sizes = head
        self.parts = []
        self.begin_part(0)
        return True

    cdef int begin_part(self, Py_ssize_t number) except -1:
        self.part = number
        self.room = None
        if number == len(self.sizes):
            return 0
        self.left = self.sizes[number]
        if self.parts is not None:
            try:
                self.room = PyByteArray_FromStringAndSize(NULL, self.left)
                self.parts.append(self.room)
            except MemoryError:
                self.parts = None
        return 0

    cdef bint take_part(self) except -1:
        """What there is of it. False: there is more to come."""
        cdef Py_ssize_t count = min(self.left, self.end - self.start)
        if self.room is not None:
            memcpy(PyByteArray_AS_STRING(self.room) + len(self.room) - self.left, self.buffer + self.start, count)
        self.start += count
        self.left -= count
        if self.left:
            return False
        self.begin_part(self.part + 1)
        return True
