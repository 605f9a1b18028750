/* BLAKE3's compression function over one block, in rows of 128 bits. Included by a file for each instruction set, which
 * defines TARGET and rotate_row. */

typedef __m128i row;

#define add_row _mm_add_epi32
#define xor_row _mm_xor_si128
#define shuffle _mm_shuffle_epi32
#define two_of_each(x, y, elements) _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(x), _mm_castsi128_ps(y), elements))
#define high _mm_unpackhi_epi32
#define with_last(x, y) _mm_blend_epi16(x, y, 0xc0)

#include "hashing/blake3_rows.h"

/* See tp_blake3_compress. */
TARGET static inline void compress_one(const uint32_t cv[8], const uint8_t block[TP_BLAKE3_BLOCK], uint32_t size,
                                       uint64_t counter, uint32_t flags, uint32_t out[16]) {
    const __m128i *halves = (const __m128i *)cv, *quarters = (const __m128i *)block;
    row cv0 = _mm_loadu_si128(halves), cv4 = _mm_loadu_si128(halves + 1);
    row state[4] = {cv0, cv4, _mm_loadu_si128((const __m128i *)tp_blake3_iv),
                    _mm_setr_epi32((int)counter, (int)(counter >> 32), (int)size, (int)flags)};
    compress_rows(state, _mm_loadu_si128(quarters), _mm_loadu_si128(quarters + 1), _mm_loadu_si128(quarters + 2),
                  _mm_loadu_si128(quarters + 3));
    /* One by one: of a loop gcc makes a copy of all 64 bytes, which waits until they have been written. */
    _mm_storeu_si128((__m128i *)out, state[0]);
    _mm_storeu_si128((__m128i *)out + 1, state[1]);
    _mm_storeu_si128((__m128i *)out + 2, xor_row(state[2], cv0));
    _mm_storeu_si128((__m128i *)out + 3, xor_row(state[3], cv4));
}
