#include "hashing/md.h"

#include <string.h>

static void store_word(uint8_t *bytes, uint32_t word, bool big_endian) {
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(big_endian ? word >> (24 - 8 * i) : word >> 8 * i);
}

size_t tp_md_pad(const tp_md *hash, uint8_t last[2 * TP_BLOCK], uint64_t size) {
    size_t used = size % TP_BLOCK;
    size_t blocks = used + 1 + sizeof size > TP_BLOCK ? 2 : 1;
    uint8_t *end = last + blocks * TP_BLOCK - sizeof size;
    uint32_t low = (uint32_t)(size << 3), high = (uint32_t)(size >> 29);
    last[used] = 0x80;
    memset(last + used + 1, 0, (size_t)(end - (last + used + 1)));
    store_word(end, hash->big_endian ? high : low, hash->big_endian);
    store_word(end + 4, hash->big_endian ? low : high, hash->big_endian);
    return blocks;
}

void tp_md_store(const tp_md *hash, const uint32_t state[], uint8_t *digest) {
    if (hash->big_endian)
        for (size_t i = 0; i < hash->words; i++)
            store_word(digest + 4 * i, state[i], true);
    else
        for (size_t i = 0; i < hash->words; i++)
            store_word(digest + 4 * i, state[i], false);
}

/* Pads the last size % 64 bytes and writes the digest. */
static void finish(const tp_md *hash, uint32_t state[], const uint8_t *rest, uint64_t size, uint8_t *digest) {
    uint8_t last[2 * TP_BLOCK];
    size_t used = size % TP_BLOCK;
    if (used) memcpy(last, rest, used);
    hash->compress(state, last, tp_md_pad(hash, last, size));
    tp_md_store(hash, state, digest);
}

void tp_md_hash(const tp_md *hash, const uint8_t *data, size_t size, uint8_t *digest) {
    uint32_t state[TP_MOST_WORDS];
    memcpy(state, hash->initial, sizeof state);
    size_t whole = size / TP_BLOCK;
    hash->compress(state, data, whole);
    const uint8_t *rest = whole ? data + whole * TP_BLOCK : data; /* even 0 may not be added to NULL */
    finish(hash, state, rest, size, digest);
}

void tp_md_init(tp_md_stream *stream, const tp_md *hash) {
    stream->hash = hash;
    stream->size = 0;
    memcpy(stream->state, hash->initial, sizeof stream->state);
}

void tp_md_update(tp_md_stream *stream, const uint8_t *data, size_t size) {
    size_t used = stream->size % TP_BLOCK;
    stream->size += size;
    if (used) {
        size_t room = TP_BLOCK - used;
        if (size < room) {
            if (size) memcpy(stream->pending + used, data, size);
            return;
        }
        memcpy(stream->pending + used, data, room);
        stream->hash->compress(stream->state, stream->pending, 1);
        data += room;
        size -= room;
    }
    size_t whole = size / TP_BLOCK, rest = size % TP_BLOCK;
    stream->hash->compress(stream->state, data, whole);
    if (rest) memcpy(stream->pending, data + size - rest, rest);
}

void tp_md_finish(tp_md_stream *stream, uint8_t *digest) {
    finish(stream->hash, stream->state, stream->pending, stream->size, digest);
}
