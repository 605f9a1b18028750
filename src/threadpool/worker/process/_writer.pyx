"""How frames are written to a socket: by the threads that send them, none of which waits for it or for another."""

import threading
from collections import deque

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.memoryview cimport PyMemoryView_GET_BUFFER
from libc.string cimport memcpy

from threadpool.worker.process._stream cimport *

cdef extern from "marshal.h":
    bytes PyMarshal_WriteObjectToString(object value, int version)

# The last in which nothing depends on who else refers to what is written.
cdef enum: MARSHAL_VERSION = 2

# What is smaller is copied, so that a frame is one piece: a part of its own costs more than that.
cpdef enum:
    LEAST_BYTES_APART = 32 * 1024

cdef enum: MOST_ITEMS = 16
cdef enum: MOST_DEPTH = 3


cdef bint is_plain_to(value, int depth):
    kind = type(value)
    if value is None or kind is int or kind is bool or kind is float:
        return True
    if kind is str or kind is bytes:
        return len(value) < LEAST_BYTES_APART
    if kind is tuple and depth and len(value) <= MOST_ITEMS:
        for each in <tuple>value:
            if not is_plain_to(each, depth - 1):
                return False
        return True
    return False


def is_plain(value):
    """Whether it can be a field of a frame: small, never changed, and of nothing but Python's own types."""
    return is_plain_to(value, MOST_DEPTH)


@cython.final
cdef class Frame:
    """A kind, fields, which are plain, and perhaps a message, with its ports and files.

    Written as the length of the head, the head (by marshal) and parts, whose sizes are in the head. Before it come frames
    of the kind "file", one for each file, which takes that file along.
    """

    cdef object message      # keeps its files open
    cdef list files          # they go along with the first pieces, one with each
    cdef list pieces         # bytes and memoryviews
    cdef Py_ssize_t done     # pieces that are written
    cdef Py_ssize_t offset   # bytes of the next that are

    def __init__(self, kind, fields, ways, message):
        cdef bytes head, body = b""
        self.message = message
        self.files = []
        self.pieces = []
        sizes = ()
        if message is not None:
            self.files = [file for file in message.files if file is not None]
            self.pieces = [FILE_FRAME] * len(self.files)
            sizes = (len(message.body), *[len(part) for part in message.buffers])
            if type(message.body) is bytes and len(message.body) < LEAST_BYTES_APART:
                body = message.body
        head = head_of((kind, fields, ways, len(self.files), sizes), body)
        self.pieces.append(head)
        if message is not None:
            if not body:
                self.pieces.append(memoryview(message.body))
            self.pieces += [memoryview(part) for part in message.buffers if len(part)]

    cdef Py_ssize_t write(self, int stream) except? -1:
        """0: it is written; TP_STREAM_BUSY: not all of it now; TP_STREAM_BROKEN: there is nobody to read."""
        cdef tp_piece pieces[TP_STREAM_PIECES]
        cdef Py_ssize_t written, count, size
        cdef int file
        while self.done < len(self.pieces):
            if self.done < len(self.files):
                file, count = self.files[self.done].number, 1
            else:
                file, count = -1, min(len(self.pieces) - self.done, <Py_ssize_t>TP_STREAM_PIECES)
            for i in range(count):
                pieces[i] = piece_of(self.pieces[self.done + i])
            pieces[0].bytes = <const char *>pieces[0].bytes + self.offset
            pieces[0].size -= self.offset
            written = tp_stream_write(stream, pieces, count, file)
            if written < 0:
                return written
            if file >= 0 and written < <Py_ssize_t>pieces[0].size:
                return TP_STREAM_BROKEN  # a few bytes in part: the system does not do that
            for i in range(count):
                size = pieces[i].size
                if written < size:
                    self.offset += written
                    break
                written -= size
                self.done += 1
                self.offset = 0
        return 0


cdef tp_piece piece_of(piece):
    """Its bytes, as long as it is there."""
    cdef tp_piece result
    if type(piece) is bytes:
        result.bytes, result.size = PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece)
    else:
        result.bytes, result.size = PyMemoryView_GET_BUFFER(piece).buf, PyMemoryView_GET_BUFFER(piece).len
    return result


cdef bytes head_of(tuple head, bytes body):
    """With its length before it, and the body behind it."""
    cdef bytes text = PyMarshal_WriteObjectToString(head, MARSHAL_VERSION)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(text)
    cdef unsigned char prefix[PREFIX_SIZE]
    cdef bytes result = PyBytes_FromStringAndSize(NULL, PREFIX_SIZE + size + len(body))
    cdef char *at = PyBytes_AS_STRING(result)
    for i in range(PREFIX_SIZE):
        prefix[i] = (size >> (8 * i)) & 255
    memcpy(at, prefix, PREFIX_SIZE)
    memcpy(at + PREFIX_SIZE, PyBytes_AS_STRING(text), size)
    memcpy(at + PREFIX_SIZE + size, PyBytes_AS_STRING(body), len(body))
    return result


cdef bytes FILE_FRAME = head_of(("file", (), (), 0, ()), b"")


@cython.final
cdef class Writer:
    """Writes to a connection that does not block; ``wait()`` is called when that has no room, and `resume` when it has.

    No Python code runs while a frame is written, so that neither a signal's exception nor the end of a worker can come
    between what is written and the note of it. Thread-safe.
    """

    cdef int stream
    cdef object wait, outgoing, lock
    cdef bint is_waiting, is_broken

    def __init__(self, connection, wait):
        self.stream = connection.fileno()
        self.wait = wait
        self.outgoing = deque()
        self.lock = threading.Lock()

    def put(self, frame):
        if not self.is_broken:
            self.outgoing.append(frame)
            self.flush()

    def resume(self):
        self.is_waiting = False
        self.flush()

    def close(self):
        """Writes nothing any more: the connection may be closed."""
        with self.lock:
            self.is_broken = True
            self.outgoing.clear()

    def renew_after_fork(self):
        """In the child of a fork, where another thread of the parent may have held the lock: nothing is written here."""
        self.is_broken = True
        self.outgoing, self.lock = deque(), threading.Lock()

    @property
    def is_empty(self):
        """Whether all is written, or nobody reads any more."""
        return not self.outgoing

    cdef int flush(self) except -1:
        # Who finds another thread at it leaves the frame to that, which looks again when it is done.
        cdef bint must_wait = False
        while self.outgoing and not self.is_waiting and self.lock.acquire(False):
            try:
                must_wait = self.write()
                self.is_waiting = must_wait
            finally:
                self.lock.release()
            if must_wait:
                self.wait()
        return 0

    cdef bint write(self) except -1:
        """True: there is no room for more."""
        cdef Py_ssize_t status
        while self.outgoing and not self.is_broken:
            status = (<Frame>self.outgoing[0]).write(self.stream)
            if status == TP_STREAM_BUSY:
                return True
            if status == TP_STREAM_BROKEN:  # the other side is gone; what it has sent can still be read
                self.is_broken = True
                break
            self.outgoing.popleft()
        if self.is_broken:
            self.outgoing.clear()
        return False
