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

/* Which compression functions are used; see blake3_variants.h. */
typedef struct tp_blake3_variant tp_blake3_variant;

/* The fastest variant that the features allow. The only place that asks about the CPU. */
const tp_blake3_variant *tp_blake3_select(tp_cpu_features features);
const char *tp_blake3_name(const tp_blake3_variant *variant);

/* The digest of `size` bytes; without any, `data` may be NULL. */
void tp_blake3(const tp_blake3_variant *variant, const uint8_t *data, size_t size, uint8_t digest[TP_BLAKE3_DIGEST]);

/* The digests of many messages: those of up to a chunk side by side, fastest where neighbours have as many blocks. */
void tp_blake3_many(const tp_blake3_variant *variant, const tp_message *messages, size_t count);

/* What the compressions of one hash have in common (2.3). */
typedef struct tp_blake3_mode {
    const tp_blake3_variant *variant;
    uint32_t key[TP_BLAKE3_KEY / 4];
    uint32_t flags;
} tp_blake3_mode;

/* A chaining value, as it is in a parent's block: little-endian words. */
typedef struct tp_blake3_cv {
    uint32_t words[8];
} tp_blake3_cv;

/* One more than the levels of a tree over 2^64 bytes (5.1.2). */
enum { TP_BLAKE3_DEPTH = 55 };

/* The hash of bytes that come in pieces, fewer than 2^64 in all. It needs no cleaning up, and an assignment copies it:
 * both then go their own ways. */
typedef struct tp_blake3_stream {
    tp_blake3_mode mode;
    uint64_t chunks; /* in the subtrees whose chaining values are on the stack */
    size_t depth;
    tp_blake3_cv stack[TP_BLAKE3_DEPTH]; /* from left to right: each at least twice the next, but for the last two,
                                          * which become one only when more follows: together they may be the message */
    size_t size;                         /* of the bytes behind them, up to a chunk; then the last two are one */
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

/* For a message that several threads hash: its subtrees by tp_blake3_subtree, in any order, each with the mode of the
 * one stream, to which tp_blake3_add_subtree then gives them in the order of the message. A subtree is a number of
 * whole chunks that is a power of two and divides the number of chunks before it. The whole message is none: something
 * must come before it or after it, be it a byte.
 *
 * The chaining value of the subtree of `chunks` chunks at `data`, with `first_chunk` chunks before it. */
void tp_blake3_subtree(const tp_blake3_mode *mode, const uint8_t *data, size_t chunks, uint64_t first_chunk,
                       uint8_t cv[TP_BLAKE3_DIGEST]);

/* Instead of an update with the subtree's data. What the stream has been given before, by subtrees or updates, must be
 * whole chunks, and as many as make this a subtree. */
void tp_blake3_add_subtree(tp_blake3_stream *stream, const uint8_t cv[TP_BLAKE3_DIGEST], size_t chunks);

#endif
