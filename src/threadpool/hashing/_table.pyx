"""Every hash by its name, in the fastest variant that this CPU, and the variable THREADPOOL_SIMD, allow."""

import os

from cpython.buffer cimport PyBUF_SIMPLE
from cpython.bytes cimport PyBytes_FromStringAndSize
cimport cython

from threadpool.pool._pin cimport acquire, release

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

cdef extern from "hashing/hash.h" nogil:
    enum: TP_HASHES

    void tp_hash_select(tp_cpu_features features, tp_hash *hashes)
    const char *tp_hash_variant(const tp_hash *hash)
    bint tp_hash_is_portable_alone(const tp_hash *hash)

cdef tp_hash hashes[TP_HASHES]


def select():
    """Fills the table; once, at import. The level of SIMD."""
    cdef tp_cpu_features features = tp_cpu_detect()
    cdef tp_cpu_level level
    cap = os.environ.get("THREADPOOL_SIMD")
    if cap:
        if not tp_cpu_level_named(cap.encode(), &level):
            raise ValueError(f"THREADPOOL_SIMD must be portable, sse, avx2, avx512 or neon, not {cap!r}")
        features = tp_cpu_cap(features, level)
    tp_hash_select(features, hashes)
    return tp_cpu_level_name(tp_cpu_level_of(features)).decode()


simd_level = select()
variants = {hashes[i].name.decode(): tp_hash_variant(&hashes[i]).decode() for i in range(TP_HASHES)}
digest_sizes = {hashes[i].name.decode(): hashes[i].digest_size for i in range(TP_HASHES)}
portable_alone = {name for i, name in enumerate(variants) if tp_hash_is_portable_alone(&hashes[i])}
_numbers = {name: number for number, name in enumerate(variants)}


cdef const tp_hash *hash_named(str name) except NULL:
    return &hashes[<int>_numbers[name]]


@cython.final
cdef class Stream:
    """The digest, by any hash, of bytes that come in pieces. One thread at a time."""

    cdef tp_hash_stream stream
    cdef const tp_hash *hash

    def __cinit__(self, str name):
        self.hash = hash_named(name)
        tp_hash_init(&self.stream, self.hash)

    def update(self, data):
        cdef Py_buffer view
        acquire(data, &view, PyBUF_SIMPLE)
        with nogil:
            tp_hash_update(&self.stream, <const uint8_t *>view.buf, view.len)
        release(&view)

    def digest(self):
        """Of all that came; the stream takes no more then."""
        cdef uint8_t digest[TP_MOST_DIGEST]
        tp_hash_finish(&self.stream, digest)
        return PyBytes_FromStringAndSize(<char *>digest, self.hash.digest_size)
