/* BLAKE3 ("BLAKE3: one function, fast everywhere", O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020; the sections named
 * in the files blake3* are of that paper): one hash, its three modes, streams, and many messages at once.
 *
 * Thread-safe: nothing is shared but constants; a stream is for one thread at a time. */
#ifndef TP_BLAKE3_H
#define TP_BLAKE3_H

#include "cpu.h"
#include "hashing/message.h"

#include <stddef.h>
#include <stdint.h>

enum { TP_BLAKE3_DIGEST = 32, TP_BLAKE3_KEY = 32, TP_BLAKE3_BLOCK = 64, TP_BLAKE3_CHUNK = 1024 };

/* Which compression functions are used; the name is for people. See blake3_variants.h. */
typedef struct tp_blake3_variant tp_blake3_variant;

/* The fastest variant that the features allow. The only place that asks about the CPU. */
const tp_blake3_variant *tp_blake3_select(tp_cpu_features features);
const char *tp_blake3_name(const tp_blake3_variant *variant);

/* The digest of `size` bytes; without any, `data` may be NULL. */
void tp_blake3(const tp_blake3_variant *variant, const uint8_t *data, size_t size, uint8_t digest[TP_BLAKE3_DIGEST]);

/* The digests of many messages; those of up to a chunk are hashed side by side, whatever their sizes. */
void tp_blake3_many(const tp_blake3_variant *variant, const tp_message *messages, size_t count);

/* What the compressions of one hash have in common (2.3). */
typedef struct tp_blake3_mode {
    const tp_blake3_variant *variant;
    uint32_t key[TP_BLAKE3_KEY / 4];
    uint32_t flags;
} tp_blake3_mode;

/* More levels than a tree over 2^64 bytes has (5.1.2). */
enum { TP_BLAKE3_DEPTH = 56 };

/* The hash of bytes that come in pieces, fewer than 2^64 in all. It needs no cleaning up, and an assignment copies it:
 * both then go their own ways. */
typedef struct tp_blake3_stream {
    tp_blake3_mode mode;
    uint64_t chunks; /* whose chaining values are on the stack */
    size_t size;     /* of the bytes behind them, up to a chunk: a whole one waits, it could be the last */
    size_t depth; /* of the stack: subtrees from left to right, each at least twice the next, or the last two equal */
    uint8_t stack[TP_BLAKE3_DEPTH][TP_BLAKE3_DIGEST];
    uint8_t pending[TP_BLAKE3_CHUNK];
} tp_blake3_stream;

/* The modes hash, keyed_hash and derive_key (2.3). For the third, `context` says what the key is for, and what the
 * stream is then given is what the key is made of. */
void tp_blake3_init(tp_blake3_stream *stream, const tp_blake3_variant *variant);
void tp_blake3_init_keyed(tp_blake3_stream *stream, const tp_blake3_variant *variant, const uint8_t key[TP_BLAKE3_KEY]);
void tp_blake3_init_derive_key(tp_blake3_stream *stream, const tp_blake3_variant *variant, const uint8_t *context,
                               size_t size);

void tp_blake3_update(tp_blake3_stream *stream, const uint8_t *data, size_t size);

/* Writes `size` bytes of the output, which has 2^64 of them, from byte `seek` on (2.6); the first TP_BLAKE3_DIGEST are
 * the digest. The stream stays as it is: more may follow. */
void tp_blake3_finish(const tp_blake3_stream *stream, uint64_t seek, uint8_t *out, size_t size);

/* For a hash by several threads. The chaining value of the `chunks` whole chunks at `data`, of which the message has
 * `first_chunk` before them. `chunks` is a power of two and divides first_chunk, and the message has more than these
 * chunks: the whole of it has no chaining value. The mode is a stream's. */
void tp_blake3_subtree(const tp_blake3_mode *mode, const uint8_t *data, size_t chunks, uint64_t first_chunk,
                       uint8_t cv[TP_BLAKE3_DIGEST]);

/* Instead of an update with these chunks. What the stream was given before is a multiple of `chunks` whole chunks, by
 * other subtrees, or by updates. */
void tp_blake3_add_subtree(tp_blake3_stream *stream, const uint8_t cv[TP_BLAKE3_DIGEST], size_t chunks);

#endif
