/* Every hash there is, of whatever kind, by its name: one message, and messages that come in pieces.
 *
 * Thread-safe: nothing is shared but constants. */
#ifndef TP_HASH_H
#define TP_HASH_H

#include "cpu.h"
#include "hashing/blake3.h"
#include "hashing/crc.h"
#include "hashing/md.h"

enum { TP_HASHES = 6, TP_MOST_DIGEST = 32 };

typedef struct tp_hash {
    const char *name;
    size_t digest_size, block_size; /* bytes */
    /* The variant, of one kind. */
    const tp_md *md;
    const tp_blake3_variant *blake3;
    const tp_crc_variant *crc;
} tp_hash;

/* Fills the table with the fastest variants that the features allow. */
void tp_hash_select(tp_cpu_features features, tp_hash hashes[TP_HASHES]);

/* What the variant is called. */
const char *tp_hash_variant(const tp_hash *hash);

/* Whether one message, unlike many, is hashed by the portable function, for want of instructions made for it. */
bool tp_hash_is_portable_alone(const tp_hash *hash);

/* The digest of bytes that come in pieces. One thread at a time; a copy goes on by itself; needs no cleaning up. */
typedef struct tp_hash_stream {
    const tp_hash *hash;
    union {
        tp_md_stream md;
        tp_blake3_stream blake3;
        uint32_t crc;
    } of;
} tp_hash_stream;

void tp_hash_init(tp_hash_stream *stream, const tp_hash *hash);
void tp_hash_update(tp_hash_stream *stream, const uint8_t *data, size_t size);

/* The digest of what came so far; only init may follow. A CRC has its highest byte first. */
void tp_hash_finish(tp_hash_stream *stream, uint8_t digest[TP_MOST_DIGEST]);

#endif
