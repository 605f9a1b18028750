/* What all variants share: the initial state, padding, streaming, and which one to use. */
#include "hashing/sha256.h"

#include <string.h>

/* FIPS 180-4, 5.3.3. */
static const uint32_t initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

#define VARIANT(name, one, lanes, least, many)                                                                         \
    {                                                                                                                  \
        name, one, { lanes, least, 8, true, initial_state, many, one }                                                 \
    }

const tp_sha256_variant *tp_sha256_select(tp_cpu_features features) {
    static const tp_sha256_variant portable = VARIANT("portable", tp_sha256_compress_portable, 1, 2, NULL);
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_sha256_variant three =
        VARIANT("SHA-NI x 3", tp_sha256_compress_x86, 3, 2, tp_sha256_compress_x86_three);
    static const tp_sha256_variant sixteen =
        VARIANT("SHA-NI, AVX-512 x 16", tp_sha256_compress_x86, 16, 8, tp_sha256_compress_avx512);
    static const tp_sha256_variant wide =
        VARIANT("AVX-512 x 16", tp_sha256_compress_portable, 16, 2, tp_sha256_compress_avx512);
    static const tp_sha256_variant eight =
        VARIANT("AVX2 x 8", tp_sha256_compress_portable, 8, 2, tp_sha256_compress_avx2);
    /* What is fastest where several can be had: of AMD, whose SHA unit begins an instruction before the last has ended,
     * three messages in turn (4.1 GB/s, and 3.3 with AVX-512); of Intel, AVX-512 (3.7, and 2.1 in turn). */
    if (features.sha) return features.avx512 && !features.sha_overlaps ? &sixteen : &three;
    if (features.avx512) return &wide;
    if (features.avx2) return &eight;
#elif defined(TP_SHA256_ARM)
    static const tp_sha256_variant arm = VARIANT("ARMv8 SHA2", tp_sha256_compress_arm, 1, 2, NULL);
    if (features.sha) return &arm;
#endif
    (void)features;
    return &portable;
}

/* Pads the last size % 64 bytes and writes the digest. */
static void finish(const tp_sha256_variant *variant, uint32_t state[8], const uint8_t *rest, uint64_t size,
                   uint8_t digest[TP_SHA256_DIGEST]) {
    uint8_t last[2 * TP_SHA256_BLOCK];
    size_t used = size % TP_SHA256_BLOCK;
    if (used) memcpy(last, rest, used);
    variant->compress(state, last, tp_pad(last, size, true));
    tp_store_words(digest, state, 8, true);
}

void tp_sha256(const tp_sha256_variant *variant, const uint8_t *data, size_t size, uint8_t digest[TP_SHA256_DIGEST]) {
    uint32_t state[8];
    memcpy(state, initial_state, sizeof state);
    size_t whole = size / TP_SHA256_BLOCK;
    variant->compress(state, data, whole);
    const uint8_t *rest = whole ? data + whole * TP_SHA256_BLOCK : data; /* even 0 may not be added to NULL */
    finish(variant, state, rest, size, digest);
}

void tp_sha256_many(const tp_sha256_variant *variant, const tp_message *messages, size_t count) {
    tp_hash_in_lanes(&variant->many, messages, count);
}

void tp_sha256_init(tp_sha256_stream *stream, const tp_sha256_variant *variant) {
    stream->variant = variant;
    stream->size = 0;
    memcpy(stream->state, initial_state, sizeof stream->state);
}

void tp_sha256_update(tp_sha256_stream *stream, const uint8_t *data, size_t size) {
    size_t used = stream->size % TP_SHA256_BLOCK;
    stream->size += size;
    if (used) {
        size_t room = TP_SHA256_BLOCK - used;
        if (size < room) {
            if (size) memcpy(stream->pending + used, data, size);
            return;
        }
        memcpy(stream->pending + used, data, room);
        stream->variant->compress(stream->state, stream->pending, 1);
        data += room;
        size -= room;
    }
    size_t whole = size / TP_SHA256_BLOCK, rest = size % TP_SHA256_BLOCK;
    stream->variant->compress(stream->state, data, whole);
    if (rest) memcpy(stream->pending, data + size - rest, rest);
}

void tp_sha256_finish(tp_sha256_stream *stream, uint8_t digest[TP_SHA256_DIGEST]) {
    finish(stream->variant, stream->state, stream->pending, stream->size, digest);
}
