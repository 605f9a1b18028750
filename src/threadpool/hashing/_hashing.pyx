"""Kernels that hash: buffers in memory, and files by name."""

import os

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
cimport cython
from libc.errno cimport ENOMEM
from libc.stdint cimport uint8_t
from libc.stdlib cimport free, malloc

from threadpool cimport Batch, BufferCall, BufferKernel, Kernel, set_body, set_function

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

cdef extern from "hashing/lanes.h" nogil:
    ctypedef struct tp_message:
        pass

    ctypedef struct tp_lanes:
        unsigned lanes

cdef extern from "hashing/sha256.h" nogil:
    ctypedef struct tp_sha256_variant:
        const char *name
        tp_lanes many

    const tp_sha256_variant *tp_sha256_select(tp_cpu_features features)
    void tp_sha256(const tp_sha256_variant *variant, const uint8_t *data, size_t size, uint8_t *digest)
    void tp_sha256_many(const tp_sha256_variant *variant, const tp_message *messages, size_t count)

cdef extern from "hashing/file.h" nogil:
    int tp_sha256_file(const tp_sha256_variant *variant, const char *path, uint8_t *buffer, size_t capacity,
                       uint8_t *digest)

# A file is read in pieces of this size: small enough to stay in the nearest caches between reading and hashing.
cdef enum: READ_BYTES = 64 * 1024

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


cdef int hash_buffer(const void *data, size_t size, void *digest) noexcept nogil:
    tp_sha256(variant, <const uint8_t *>data, size, <uint8_t *>digest)
    return 0


cdef void hash_buffers(const BufferCall *calls, size_t count) noexcept nogil:
    tp_sha256_many(variant, <const tp_message *>calls, count)  # which has the same fields


@cython.final
cdef class Sha256(BufferKernel):
    """SHA-256 (FIPS 180-4) of buffers: ``sha256(data)`` is the digest of one, ``run(sha256, buffers)`` of many.

    >>> sha256(b"abc").hex()[:16]
    'ba7816bf8f01cfea'

    ``data`` is any contiguous bytes-like object: bytes, bytearray, memoryview, NumPy array, mmap, `SharedBuffer` … Its
    bytes are hashed where they are, and cannot be resized meanwhile. Digests are 32 bytes, equal to hashlib's.

    A kernel: `run` hashes in threads that need no interpreter, on GIL builds too. Safe to call from any thread; if another
    thread changes a buffer while it is hashed, the digest is that of some mixture. TypeError: not bytes-like, as
    strings are; BufferError: not contiguous. Both name the item, and nothing is hashed then.
    """

    cdef readonly int digest_size
    cdef readonly int block_size

    def __cinit__(self):
        self.digest_size = 32
        self.block_size = 64
        set_function(self, "sha256", hash_buffer, 32)
        self.together = hash_buffers
        self.unit = variant.many.lanes
        self.item_nanoseconds = 60
        self.byte_nanoseconds = 0.6
        self.worth_detaching = 2048

    def __repr__(self):
        return "<kernel threadpool.hashing.sha256>"

    def __reduce__(self):
        return "sha256"


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
        self.files = <file_job *>PyMem_RawCalloc(max(len(self.paths), 1), sizeof(file_job))
        if self.files is NULL:
            raise MemoryError
        set_body(self, hash_files, self.files, len(self.paths))
        self.burst = 8
        self.nanoseconds = 20_000.0 * self.count
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
