"""Kernels that hash: buffers in memory, and files by name."""

import os

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
cimport cython
from libc.errno cimport ENOMEM
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc

from threadpool.pool._kernel cimport Batch, Kernel

cdef extern from "cpu.h" nogil:
    ctypedef struct tp_cpu_features:
        pass

    ctypedef enum tp_cpu_level:
        pass

    tp_cpu_features tp_cpu_detect()
    tp_cpu_features tp_cpu_cap(tp_cpu_features features, tp_cpu_level level)
    tp_cpu_level tp_cpu_level_of(tp_cpu_features features)
    bint tp_cpu_level_named(const char *name, tp_cpu_level *level)
    const char *tp_cpu_level_name(tp_cpu_level level)

cdef extern from "hashing/sha256.h" nogil:
    ctypedef struct tp_sha256_variant:
        const char *name

    const tp_sha256_variant *tp_sha256_select(tp_cpu_features features)
    void tp_sha256(const tp_sha256_variant *variant, const uint8_t *data, size_t size, uint8_t *digest)

cdef extern from "hashing/file.h" nogil:
    int tp_sha256_file(const tp_sha256_variant *variant, const char *path, uint8_t *buffer, size_t capacity,
                       uint8_t *digest)

# A file is read in pieces of this size: small enough to stay in the nearest caches between reading and hashing.
cdef enum: READ_BYTES = 64 * 1024

# Below this, letting go of the interpreter costs more than it gives.
cdef enum: WORTH_DETACHING_BYTES = 2048

cdef const tp_sha256_variant *variant = NULL


def select_variant():
    """Picks the fastest variant that the CPU, and the variable THREADPOOL_SIMD, allow; once, at import."""
    global variant
    cdef tp_cpu_features features = tp_cpu_detect()
    cdef tp_cpu_level level
    cap = os.environ.get("THREADPOOL_SIMD")
    if cap:
        if not tp_cpu_level_named(cap.encode(), &level):
            raise ValueError(f"THREADPOOL_SIMD must be portable, sse, avx2 or avx512, not {cap!r}")
        features = tp_cpu_cap(features, level)
    variant = tp_sha256_select(features)
    return tp_cpu_level_name(tp_cpu_level_of(features)).decode(), variant.name.decode()


simd_level, sha256_variant = select_variant()


cdef struct message:
    const uint8_t *data
    size_t size
    uint8_t *digest


@cython.final
cdef class BufferBatch(Batch):
    """Buffers to hash, pinned, and a bytes object for the digest of each."""

    cdef list digests
    cdef object inputs        # keeps the bytes objects alive
    cdef message *messages
    cdef Py_buffer *views     # of the inputs that are not bytes
    cdef size_t pinned

    def __cinit__(self, data):
        self.inputs = items = data if type(data) is tuple else tuple(data)
        self.count = len(items)
        self.burst = 32
        self.body = hash_buffers
        self.messages = <message *>PyMem_RawCalloc(max(self.count, 1), sizeof(message))
        self.views = <Py_buffer *>PyMem_RawCalloc(max(count_foreign(items), 1), sizeof(Py_buffer))
        if self.messages is NULL or self.views is NULL:
            raise MemoryError
        self.arguments = self.messages
        self.digests = [None] * self.count
        self.nanoseconds = 60.0 * self.count
        cdef size_t index
        for index in range(self.count):
            self.pin(&self.messages[index], items[index], index)
            digest = PyBytes_FromStringAndSize(NULL, 32)
            self.messages[index].digest = <uint8_t *>PyBytes_AS_STRING(digest)
            self.digests[index] = digest
            self.nanoseconds += 0.6 * self.messages[index].size

    cdef int pin(self, message *into, object item, size_t index) except -1:
        if PyBytes_CheckExact(item):
            into.data = <const uint8_t *>PyBytes_AS_STRING(item)
            into.size = PyBytes_GET_SIZE(item)
            return 0
        cdef Py_buffer *view = &self.views[self.pinned]
        pin_view(view, item, f"data[{index}]")
        self.pinned += 1
        into.data = <const uint8_t *>view.buf
        into.size = view.len
        return 0

    def __dealloc__(self):
        cdef size_t index
        for index in range(self.pinned):
            release_view(&self.views[index])
        PyMem_RawFree(self.views)
        PyMem_RawFree(self.messages)

    cdef list results(self):
        return self.digests


cdef size_t count_foreign(tuple items):
    cdef size_t count = 0
    for item in items:
        count += not PyBytes_CheckExact(item)
    return count


# An exporter counts its exports without a lock in 3.13, hence the critical sections.
cdef int pin_view(Py_buffer *view, object item, str name) except -1:
    try:
        with cython.critical_section(item):
            PyObject_GetBuffer(item, view, PyBUF_SIMPLE)
    except TypeError:
        raise TypeError(f"{name} must be a bytes-like object, not {type(item).__name__!r}") from None
    except (BufferError, ValueError) as error:
        raise BufferError(f"{name} must be a contiguous buffer: {error}") from None
    return 0


cdef int release_view(Py_buffer *view) except -1:
    exporter = <object>view.obj
    with cython.critical_section(exporter):
        PyBuffer_Release(view)
    return 0


cdef int hash_buffers(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil:
    cdef message *messages = <message *>arguments
    cdef size_t index
    for index in range(begin, end):
        tp_sha256(variant, messages[index].data, messages[index].size, messages[index].digest)
    return 0


@cython.final
cdef class Sha256(Kernel):
    """SHA-256 (FIPS 180-4) of buffers: ``sha256(data)`` is the digest of one, ``run(sha256, buffers)`` of many.

    >>> sha256(b"abc").hex()[:16]
    'ba7816bf8f01cfea'

    ``data`` is any contiguous bytes-like object: bytes, bytearray, memoryview, NumPy array, mmap, `SharedBuffer` … Its
    bytes are hashed where they are, and cannot be resized meanwhile. Digests are 32 bytes, equal to hashlib's.

    A kernel: `run` hashes in threads that need no interpreter, on GIL builds too. Safe to call from any thread; if another
    thread changes a buffer while it is hashed, the digest is that of some mixture. TypeError: not bytes-like, as
    strings are; BufferError: not contiguous. Both name the item, and nothing is hashed then.
    """

    cdef readonly str name
    cdef readonly int digest_size
    cdef readonly int block_size

    def __cinit__(self):
        self.name = "sha256"
        self.digest_size = 32
        self.block_size = 64

    def __call__(self, data, /):
        cdef Py_buffer view
        digest = PyBytes_FromStringAndSize(NULL, 32)
        cdef uint8_t *out = <uint8_t *>PyBytes_AS_STRING(digest)
        if PyBytes_CheckExact(data):
            hash_one(<const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), out)
            return digest
        pin_view(&view, data, "data")
        try:
            hash_one(<const uint8_t *>view.buf, view.len, out)
        finally:
            release_view(&view)
        return digest

    def __repr__(self):
        return "<kernel threadpool.hashing.sha256>"

    def __reduce__(self):
        return "sha256"

    cdef Batch bind(self, object data, dict options):
        if options:
            raise TypeError(f"sha256 takes no option {next(iter(options))!r}")
        return BufferBatch(data)


cdef void hash_one(const uint8_t *data, size_t size, uint8_t *digest) noexcept:
    if size < WORTH_DETACHING_BYTES:
        tp_sha256(variant, data, size, digest)
        return
    with nogil:
        tp_sha256(variant, data, size, digest)


cdef struct file_job:
    const char *path
    uint8_t digest[32]
    int error


@cython.final
cdef class FileBatch(Batch):
    """Names of files to hash; a result is the digest, or the OSError that stands for it."""

    cdef list paths
    cdef file_job *files

    def __cinit__(self, paths):
        self.paths = [os.fsencode(path) for path in paths]
        self.count = len(self.paths)
        self.burst = 8
        self.body = hash_files
        self.nanoseconds = 20_000.0 * self.count
        self.files = <file_job *>PyMem_RawCalloc(max(self.count, 1), sizeof(file_job))
        if self.files is NULL:
            raise MemoryError
        self.arguments = self.files
        for index, path in enumerate(self.paths):
            if b"\0" in path:
                raise ValueError(f"data[{index}] must be a path without null characters")
            self.files[index].path = PyBytes_AS_STRING(path)

    def __dealloc__(self):
        PyMem_RawFree(self.files)

    cdef list results(self):
        results = []
        for index, path in enumerate(self.paths):
            error = self.files[index].error
            if error:
                results.append(OSError(error, os.strerror(error), os.fsdecode(path)))
            else:
                results.append(PyBytes_FromStringAndSize(<char *>self.files[index].digest, 32))
        return results


cdef int hash_files(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil:
    cdef file_job *files = <file_job *>arguments
    cdef uint8_t *buffer = <uint8_t *>malloc(READ_BYTES)
    cdef size_t index
    for index in range(begin, end):
        files[index].error = ENOMEM if buffer is NULL else tp_sha256_file(
            variant, files[index].path, buffer, READ_BYTES, files[index].digest)
    free(buffer)
    return 0


@cython.final
cdef class FileDigest(Kernel):
    """sha256 of files by name. What cannot be read has an OSError as its result: the other files are hashed."""

    cdef Batch bind(self, object data, dict options):
        return FileBatch(data)


sha256 = Sha256()
file_digest = FileDigest()
