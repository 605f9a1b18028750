/* MD5 over 4 messages at once, with SSE4.1. */
#include "hashing/md5.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "hashing/vector_sse41.h"

#include "hashing/md5_lanes.h"

TARGET void tp_md5_compress_sse41(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[], size_t count) {
    compress_lanes(states, blocks, count);
}

#endif
