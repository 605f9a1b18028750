/* BLAKE3 over 16 inputs at once, and over one block, with AVX-512. */
#include "hashing/blake3_variants.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "hashing/vector_avx512.h"

#include "hashing/blake3_lanes.h"

/* Up to so many inputs are faster by rows. */
enum { FEW = 8 };

TARGET void tp_blake3_chunks_avx512(const tp_blake3_mode *mode, const uint8_t *data, size_t count, uint64_t first,
                                    tp_blake3_cv cvs[]) {
    if (count <= FEW)
        tp_blake3_chunks_avx512_rows(mode, data, count, first, cvs);
    else
        hash_chunks(mode, data, count, first, cvs);
}

TARGET void tp_blake3_parents_avx512(const tp_blake3_mode *mode, const tp_blake3_cv children[], size_t count,
                                     tp_blake3_cv cvs[]) {
    if (count <= FEW)
        tp_blake3_parents_avx512_rows(mode, children, count, cvs);
    else
        hash_parents(mode, children, count, cvs);
}

TARGET void tp_blake3_messages_avx512(const tp_blake3_step *step, tp_blake3_states *states) {
    hash_messages(step, states);
}

TARGET void tp_blake3_outputs_avx512(const tp_blake3_node *root, uint8_t *out) { write_outputs(root, out); }

#define rotate_row _mm_ror_epi32

#include "hashing/blake3_one.h"

TARGET void tp_blake3_compress_avx512(const uint32_t cv[8], const uint8_t block[TP_BLAKE3_BLOCK], uint32_t size,
                                      uint64_t counter, uint32_t flags, uint32_t out[16]) {
    compress_one(cv, block, size, counter, flags, out);
}

#endif
