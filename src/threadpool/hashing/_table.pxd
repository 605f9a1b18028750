# The hashes of csrc/hashing, in the variants that suit this CPU.

from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef extern from "hashing/message.h" nogil:
    ctypedef struct tp_message:
        pass

cdef extern from "hashing/md.h" nogil:
    ctypedef struct tp_md:
        unsigned lanes

    void tp_md_hash(const tp_md *hash, const uint8_t *data, size_t size, uint8_t *digest)
    void tp_md_many(const tp_md *hash, const tp_message *messages, size_t count)

cdef extern from "hashing/crc.h" nogil:
    ctypedef uint32_t tp_crc_update(uint32_t crc, const uint8_t *data, size_t size)

    ctypedef struct tp_crc_variant:
        tp_crc_update *update

cdef extern from "hashing/blake3.h" nogil:
    enum: TP_BLAKE3_DIGEST
    enum: TP_BLAKE3_KEY
    enum: TP_BLAKE3_CHUNK

    ctypedef struct tp_blake3_variant:
        pass

    ctypedef struct tp_blake3_mode:
        pass

    ctypedef struct tp_blake3_stream:
        tp_blake3_mode mode
        uint64_t chunks
        size_t size

    void tp_blake3(const tp_blake3_variant *variant, const uint8_t *data, size_t size, uint8_t *digest)
    void tp_blake3_many(const tp_blake3_variant *variant, const tp_message *messages, size_t count)
    void tp_blake3_init(tp_blake3_stream *stream, const tp_blake3_variant *variant)
    void tp_blake3_init_keyed(tp_blake3_stream *stream, const tp_blake3_variant *variant, const uint8_t *key)
    void tp_blake3_init_derive_key(tp_blake3_stream *stream, const tp_blake3_variant *variant, const uint8_t *context,
                                   size_t size)
    void tp_blake3_update(tp_blake3_stream *stream, const uint8_t *data, size_t size)
    void tp_blake3_finish(const tp_blake3_stream *stream, uint64_t seek, uint8_t *out, size_t size)
    void tp_blake3_subtree(const tp_blake3_mode *mode, const uint8_t *data, size_t chunks, uint64_t first_chunk, uint8_t *cv)
    void tp_blake3_add_subtree(tp_blake3_stream *stream, const uint8_t *cv, size_t chunks)

cdef extern from "hashing/hash.h" nogil:
    enum: TP_MOST_DIGEST

    ctypedef struct tp_hash:
        const char *name
        size_t digest_size
        size_t block_size
        const tp_md *md
        const tp_blake3_variant *blake3
        const tp_crc_variant *crc

    ctypedef struct tp_hash_stream:
        pass

    void tp_hash_init(tp_hash_stream *stream, const tp_hash *hash)
    void tp_hash_update(tp_hash_stream *stream, const uint8_t *data, size_t size)
    void tp_hash_finish(tp_hash_stream *stream, uint8_t *digest)

# KeyError: there is none of that name.
cdef const tp_hash *hash_named(str name) except NULL
