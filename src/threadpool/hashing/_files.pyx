"""Files to be hashed by threads that need no interpreter; see csrc/hashing/files.h for how."""

import collections
import os

from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.exc cimport PyErr_CheckSignals
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
cimport cython
from libc.stdint cimport uint8_t, uint64_t

from threadpool.hashing._table cimport hash_named, tp_hash
from threadpool.pool._watch cimport SIGNAL_NANOSECONDS

cdef extern from "<stdbool.h>":
    ctypedef bint c_bool "bool"  # bint is an int in C, and a function that returns one is of another type

cdef extern from "hashing/file.h" nogil:
    enum: TP_FILE_IS_SPECIAL

cdef extern from "hashing/files.h" nogil:
    enum: TP_FILES_ROOM

    ctypedef struct tp_file_job:
        int error
        uint8_t *digest

    ctypedef struct tp_files:
        unsigned working

    void tp_files_init(tp_files *files, const tp_hash *hash, unsigned threads)
    void tp_files_destroy(tp_files *files)
    bint tp_files_put(tp_files *files, const char *path)
    size_t tp_files_count(const tp_files *files)
    size_t tp_files_waiting(const tp_files *files)
    tp_file_job *tp_files_first(tp_files *files, uint64_t nanoseconds)
    void tp_files_take(tp_files *files)
    bint tp_files_enlist(tp_files *files)
    void tp_files_leave(tp_files *files)
    size_t tp_files_buffer(const tp_files *files)
    bint tp_files_work(tp_files *files, uint8_t *buffer, uint64_t nanoseconds)
    void tp_files_help(tp_files *files, uint8_t *buffer, c_bool (*look)(void *owner) noexcept nogil, void *owner)
    void tp_files_desert(tp_files *files)
    void tp_files_cancel(tp_files *files)

# For how long a thread begins files before it lets through what else waits for one.
cdef uint64_t TURN_NANOSECONDS = 50_000_000
# A thread is enlisted when there are so many files for it: to wake it takes as long as to hash some.
cdef enum: FILES_PER_THREAD = 32


cdef c_bool look(void *owner) noexcept with gil:
    """Whether no signal handler has raised."""
    try:
        PyErr_CheckSignals()
    except BaseException as error:
        (<Files>owner).error = error
        return False
    return True


@cython.final
cdef class Files:
    """The queue. One thread, its owner, puts paths in and takes digests out, in the same order; any may work."""

    cdef tp_files *files
    cdef size_t digest_size
    cdef object paths    # of what is in, oldest first
    cdef list buffers    # of threads that have worked, for those that come
    cdef object error    # what a signal handler has raised meanwhile
    cdef public int waits  # of the owner in vain, since a thread did something
    cdef bint abandoned  # its threads are in the process that this one was forked from
    cdef object __weakref__

    def __cinit__(self, str name, unsigned threads):
        cdef const tp_hash *hash = hash_named(name)
        self.files = <tp_files *>PyMem_RawMalloc(sizeof(tp_files))
        if self.files is NULL:
            raise MemoryError
        tp_files_init(self.files, hash, threads)
        self.digest_size = hash.digest_size
        self.paths = collections.deque()
        self.buffers = []

    def __dealloc__(self):
        if self.files is not NULL:
            tp_files_destroy(self.files)
            PyMem_RawFree(self.files)

    def __len__(self):
        return tp_files_count(self.files)

    @property
    def is_full(self):
        return tp_files_count(self.files) == TP_FILES_ROOM

    def put(self, bytes path):
        """Puts a path in; there must be room. Whether a thread is to be sent to work: it has been enlisted."""
        self.paths.append(path)
        tp_files_put(self.files, PyBytes_AS_STRING(path))
        return (tp_files_waiting(self.files) >= FILES_PER_THREAD * (1 + self.files.working)
                and tp_files_enlist(self.files))

    def enlist(self):
        """Whether a thread is to be sent to work, now that the owner is about to wait: it has been enlisted."""
        return tp_files_waiting(self.files) > self.files.working and tp_files_enlist(self.files)

    def leave(self):
        """No thread comes in place of one that was enlisted."""
        tp_files_leave(self.files)

    def work(self):
        """For a thread that was enlisted. True: it is to come again, after others have had their turn."""
        cdef bytearray buffer = self.take_buffer()
        cdef uint8_t *memory = <uint8_t *>PyByteArray_AS_STRING(buffer)
        cdef bint again
        with nogil:
            again = tp_files_work(self.files, memory, TURN_NANOSECONDS)
        self.buffers.append(buffer)
        return again

    def help(self):
        """Hashes what nobody has begun until the oldest is done; for the owner, when no thread comes. Ctrl-C is seen."""
        cdef bytearray buffer = self.take_buffer()
        cdef uint8_t *memory = <uint8_t *>PyByteArray_AS_STRING(buffer)
        with nogil:
            tp_files_help(self.files, memory, look, <void *>self)
        self.buffers.append(buffer)
        if self.error is not None:
            raise self.error

    cdef bytearray take_buffer(self):
        try:
            return self.buffers.pop()
        except IndexError:
            return bytearray(tp_files_buffer(self.files))

    def is_ready(self):
        """Whether the oldest is done."""
        return tp_files_first(self.files, 0) is not NULL

    def wait(self, double seconds):
        """Waits for the oldest, a twentieth of a second at the most, in which Ctrl-C is not seen: whether it is done."""
        cdef uint64_t nanoseconds = <uint64_t>(1e9 * min(seconds, 1e-9 * SIGNAL_NANOSECONDS))
        cdef tp_file_job *job
        if self.abandoned:
            raise RuntimeError("forked: these files are hashed in the other process")
        with nogil:
            job = tp_files_first(self.files, nanoseconds)
        return job is not NULL

    def first_is_waiting(self):
        """Whether nobody has begun the oldest."""
        return tp_files_waiting(self.files) == tp_files_count(self.files)

    def take(self):
        """Takes the oldest out, which is done: its digest, an OSError, or its path if it is no regular file."""
        cdef tp_file_job *job = tp_files_first(self.files, 0)
        cdef int error = job.error
        path = self.paths.popleft()
        digest = PyBytes_FromStringAndSize(<char *>job.digest, self.digest_size)
        tp_files_take(self.files)
        if error == 0:
            return digest
        path = os.fsdecode(path)
        return path if error == TP_FILE_IS_SPECIAL else OSError(error, os.strerror(error), path)

    def cancel(self):
        """Nothing is begun any more, and what is in progress ends soon."""
        tp_files_cancel(self.files)

    def stop(self):
        """Other threads begin nothing any more: the owner, if it still wants what is left, does it. For `lifecycle`."""
        tp_files_desert(self.files)

    def abandon(self):
        """The threads are not in this process, which was forked. For `lifecycle`."""
        self.abandoned = True
