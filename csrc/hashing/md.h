/* Hashes of the Merkle-Damgard kind with blocks of 64 bytes and words of 32 bits: MD5 (RFC 1321), SHA-1 and SHA-256
 * (FIPS 180-4). What they have in common: padding, pieces, and many messages at once.
 *
 * Thread-safe: nothing is shared but constants. */
#ifndef TP_MD_H
#define TP_MD_H

#include "cpu.h"
#include "hashing/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TP_BLOCK = 64, TP_MOST_WORDS = 8, TP_MOST_LANES = 16, TP_MD_MOST_DIGEST = 4 * TP_MOST_WORDS };

/* The compression function over `count` blocks of 64 bytes, of any alignment; of one message, and of each lane. */
typedef void tp_compress(uint32_t state[], const uint8_t *blocks, size_t count);
typedef void tp_compress_lanes(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[], size_t count);

typedef struct tp_md {
    const char *name; /* of the variant */
    size_t words;     /* of the state, all of which is the digest */
    bool big_endian;
    const uint32_t *initial; /* TP_MOST_WORDS, zeros behind those of the state */
    tp_compress *compress;
    unsigned lanes; /* of compress_lanes; 1: there is none */
    unsigned least; /* with fewer messages, one after the other is faster */
    tp_compress_lanes *compress_lanes;
} tp_md;

/* The fastest variant that the features allow. The only places that ask about the CPU. */
const tp_md *tp_md5_select(tp_cpu_features features);
const tp_md *tp_sha1_select(tp_cpu_features features);
const tp_md *tp_sha256_select(tp_cpu_features features);

/* The digest of `size` bytes; without any, `data` may be NULL. */
void tp_md_hash(const tp_md *hash, const uint8_t *data, size_t size, uint8_t *digest);

/* The digests of many messages: faster than one after the other, most so for messages of the same size. */
void tp_md_many(const tp_md *hash, const tp_message *messages, size_t count);

/* The digest of bytes that come in pieces, fewer than 2^61 in all (FIPS 180-4, 1: 2^64 bits). One thread at a time. */
typedef struct tp_md_stream {
    const tp_md *hash;
    uint32_t state[TP_MOST_WORDS];
    uint64_t size;             /* bytes so far */
    uint8_t pending[TP_BLOCK]; /* the last size % 64 of them */
} tp_md_stream;

/* A stream needs no cleaning up; once finished, only init may follow. */
void tp_md_init(tp_md_stream *stream, const tp_md *hash);
void tp_md_update(tp_md_stream *stream, const uint8_t *data, size_t size);
void tp_md_finish(tp_md_stream *stream, uint8_t *digest);

/* Writes the padding of a message of `size` bytes (RFC 1321, 3.1 and 3.2; FIPS 180-4, 5.1.1) behind the last size % 64
 * of them, in `last`, and returns how many blocks that makes: one or two. */
size_t tp_md_pad(const tp_md *hash, uint8_t last[2 * TP_BLOCK], uint64_t size);

/* Writes a state as a digest. */
void tp_md_store(const tp_md *hash, const uint32_t state[], uint8_t *digest);

#endif
