/* BLAKE3 over 4 inputs at once, and over one block, with SSE4.1. */
#include "hashing/blake3_variants.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "hashing/vector_sse41.h"

#include "hashing/blake3_lanes.h"

VARIANT(sse41)

#define rotate_row rotate_right

#include "hashing/blake3_one.h"

TARGET void tp_blake3_compress_sse41(const uint32_t cv[8], const uint8_t block[TP_BLAKE3_BLOCK], uint32_t size,
                                     uint64_t counter, uint32_t flags, uint32_t out[16]) {
    compress_one(cv, block, size, counter, flags, out);
}

#endif
