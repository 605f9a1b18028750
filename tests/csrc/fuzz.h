/* What the fuzz targets share: every hash in every variant that this CPU can run, beside the portable one. */
#ifndef FUZZ_H
#define FUZZ_H

#include "check.h"
#include "hashing/hash.h"

#include <string.h>

typedef struct fuzzed {
    tp_hash hash, portable;
} fuzzed;

/* The hash and the variant that a byte stands for. */
static inline fuzzed chosen(uint8_t byte) {
    tp_hash table[TP_HASHES], portable[TP_HASHES];
    tp_cpu_features features = tp_cpu_cap(tp_cpu_detect(), (tp_cpu_level)(byte % (TP_CPU_NEON + 1)));
    byte /= TP_CPU_NEON + 1;
    if (byte % 3 == 1) features.sha_overlaps = features.sha;
    if (byte % 3 == 2) features.sha = false;
    byte /= 3;
    tp_hash_select(features, table);
    tp_hash_select(tp_cpu_cap(tp_cpu_detect(), TP_CPU_PORTABLE), portable);
    return (fuzzed){table[byte % TP_HASHES], portable[byte % TP_HASHES]};
}

/* Of just that size, so that a sanitizer sees one byte too many; NULL for none. The bytes are the input again and
 * again, changed a little each time. */
static inline uint8_t *message(const uint8_t *input, size_t input_size, size_t size) {
    uint8_t *bytes = size ? malloc(size) : NULL;
    CHECK(bytes || size == 0);
    for (size_t i = 0; i < size; i++)
        bytes[i] = input_size ? (uint8_t)(input[i % input_size] + i / input_size) : (uint8_t)i;
    return bytes;
}

static inline void digest_of(const tp_hash *hash, const uint8_t *bytes, size_t size, uint8_t digest[TP_MOST_DIGEST]) {
    tp_hash_stream stream;
    tp_hash_init(&stream, hash);
    tp_hash_update(&stream, bytes, size);
    tp_hash_finish(&stream, digest);
}

#endif
