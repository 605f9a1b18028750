/* SHA-256, FIPS 180-4. Thread-safe: nothing is shared but constants. */
#ifndef TP_SHA256_H
#define TP_SHA256_H

#include "cpu.h"
#include "hashing/lanes.h"

#include <stddef.h>
#include <stdint.h>

enum { TP_SHA256_DIGEST = 32, TP_SHA256_BLOCK = 64 };

/* The compression function over `count` blocks of 64 bytes, of any alignment (FIPS 180-4, 6.2.2). */
typedef void (*tp_sha256_compress)(uint32_t state[8], const uint8_t *blocks, size_t count);

typedef struct tp_sha256_variant {
    const char *name;
    tp_sha256_compress compress; /* of one message */
    tp_lanes many;               /* of several at once */
} tp_sha256_variant;

/* The fastest variant that the features allow. The only place that asks about the CPU. */
const tp_sha256_variant *tp_sha256_select(tp_cpu_features features);

/* The digest of `size` bytes; without any, `data` may be NULL. */
void tp_sha256(const tp_sha256_variant *variant, const uint8_t *data, size_t size, uint8_t digest[TP_SHA256_DIGEST]);

/* The digests of many messages: faster than one after the other, most so for messages of the same size. */
void tp_sha256_many(const tp_sha256_variant *variant, const tp_message *messages, size_t count);

/* The digest of bytes that come in pieces, fewer than 2^61 in all (FIPS 180-4, 1: 2^64 bits). One thread at a time. */
typedef struct tp_sha256_stream {
    const tp_sha256_variant *variant;
    uint32_t state[8];
    uint64_t size;                    /* bytes so far */
    uint8_t pending[TP_SHA256_BLOCK]; /* the last size % 64 of them */
} tp_sha256_stream;

/* A stream needs no cleaning up; once finished, only init may follow. */
void tp_sha256_init(tp_sha256_stream *stream, const tp_sha256_variant *variant);
void tp_sha256_update(tp_sha256_stream *stream, const uint8_t *data, size_t size);
void tp_sha256_finish(tp_sha256_stream *stream, uint8_t digest[TP_SHA256_DIGEST]);

/* Whether the compiler offers ARM's SHA instructions to one function. clang does from 16 on; before, only with a flag
 * for the whole file, or where they are the platform's baseline, as on Apple's. */
#if defined(__aarch64__) && !defined(_MSC_VER)
#if !defined(__clang__) || __clang_major__ >= 16 || defined(__ARM_FEATURE_SHA2) || defined(__ARM_FEATURE_CRYPTO)
#define TP_SHA256_ARM
#endif
#endif

/* The variants. Each compiles on every architecture, to nothing where it has no place. */
void tp_sha256_compress_portable(uint32_t state[8], const uint8_t *blocks, size_t count);
void tp_sha256_compress_x86(uint32_t state[8], const uint8_t *blocks, size_t count);
void tp_sha256_compress_arm(uint32_t state[8], const uint8_t *blocks, size_t count);
tp_compress_lanes tp_sha256_compress_x86_three; /* 3 lanes */
tp_compress_lanes tp_sha256_compress_avx2;      /* 8 */
tp_compress_lanes tp_sha256_compress_avx512;    /* 16 */

/* The round constants (FIPS 180-4, 4.2.2). */
extern const uint32_t tp_sha256_k[64];

#endif
