"""Every hash by its name, in the fastest variant that may be used."""

from cpython.buffer cimport PyBUF_SIMPLE
from cpython.bytes cimport PyBytes_FromStringAndSize
cimport cython

from threadpool._simd cimport features, tp_cpu_features
from threadpool.pool._pin cimport acquire, release

cdef extern from "hashing/hash.h" nogil:
    enum: TP_HASHES

    void tp_hash_select(tp_cpu_features features, tp_hash *hashes)
    const char *tp_hash_variant(const tp_hash *hash)
    bint tp_hash_is_portable_alone(const tp_hash *hash)

cdef tp_hash hashes[TP_HASHES]


tp_hash_select(features, hashes)
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
