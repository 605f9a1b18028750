/* What all variants share: the initial state, padding, streaming, and which one to use. */
#include "hashing/sha256.h"

#include <string.h>

const tp_sha256_variant *tp_sha256_select(tp_cpu_features features) {
    static const tp_sha256_variant portable = {"portable", tp_sha256_compress_portable};
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_sha256_variant x86 = {"SHA-NI", tp_sha256_compress_x86};
    if (features.sha && features.sse41) return &x86;
#elif defined(TP_SHA256_ARM)
    static const tp_sha256_variant arm = {"ARMv8 SHA2", tp_sha256_compress_arm};
    if (features.sha) return &arm;
#endif
    (void)features;
    return &portable;
}

/* FIPS 180-4, 5.3.3. */
static const uint32_t initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static void store_big_endian(uint8_t *bytes, uint64_t value, int size) {
    for (int i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

/* Pads the last size % 64 bytes (FIPS 180-4, 5.1.1) and writes the digest. */
static void finish(const tp_sha256_variant *variant, uint32_t state[8], const uint8_t *rest, uint64_t size,
                   uint8_t digest[TP_SHA256_DIGEST]) {
    uint8_t last[2 * TP_SHA256_BLOCK] = {0};
    size_t used = size % TP_SHA256_BLOCK;
    size_t blocks = used + 1 + sizeof size > TP_SHA256_BLOCK ? 2 : 1;
    if (used) memcpy(last, rest, used);
    last[used] = 0x80;
    store_big_endian(last + blocks * TP_SHA256_BLOCK - sizeof size, size * 8, sizeof size);
    variant->compress(state, last, blocks);
    for (int i = 0; i < 8; i++)
        store_big_endian(digest + 4 * i, state[i], 4);
}

void tp_sha256(const tp_sha256_variant *variant, const uint8_t *data, size_t size, uint8_t digest[TP_SHA256_DIGEST]) {
    uint32_t state[8];
    memcpy(state, initial_state, sizeof state);
    size_t whole = size / TP_SHA256_BLOCK;
    variant->compress(state, data, whole);
    const uint8_t *rest = whole ? data + whole * TP_SHA256_BLOCK : data; /* even 0 may not be added to NULL */
    finish(variant, state, rest, size, digest);
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
