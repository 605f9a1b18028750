/* SHA-256 over 4 messages at once, with NEON. */
#include "hashing/sha256.h"

#if defined(__aarch64__) || defined(_M_ARM64)

#include "hashing/vector_neon.h"

#include "hashing/sha256_lanes.h"

TARGET void tp_sha256_compress_neon(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[], size_t count) {
    compress_lanes(states, blocks, count);
}

#endif
