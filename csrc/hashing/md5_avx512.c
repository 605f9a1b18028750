/* MD5 over 16 messages at once, with AVX-512. */
#include "hashing/md5.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "hashing/vector_avx512.h"

#include "hashing/md5_lanes.h"

TARGET void tp_md5_compress_avx512(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[], size_t count) {
    compress_lanes(states, blocks, count);
}

#endif
