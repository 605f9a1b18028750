/* SHA-256 over 8 messages at once, with AVX2. */
#include "hashing/sha256.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "hashing/vector_avx2.h"

#include "hashing/sha256_lanes.h"

TARGET void tp_sha256_compress_avx2(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[], size_t count) {
    compress_lanes(states, blocks, count);
}

#endif
