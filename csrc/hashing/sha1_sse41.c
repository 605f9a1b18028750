/* SHA-1 over 4 messages at once, with SSE4.1. */
#include "hashing/sha1.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "hashing/vector_sse41.h"

#include "hashing/sha1_lanes.h"

TARGET void tp_sha1_compress_sse41(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[], size_t count) {
    compress_lanes(states, blocks, count);
}

#endif
