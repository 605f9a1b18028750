/* Words of 4 lanes in each vector, with SSSE3 and SSE4.1; see vector.h. */
#ifndef TP_VECTOR_SSE41_H
#define TP_VECTOR_SSE41_H

#include "hashing/vector.h"

#define TARGET TP_TARGET("sse4.1,ssse3")

enum { LANES = 4 };
typedef __m128i vector;

#define add _mm_add_epi32
#define shift_right _mm_srli_epi32
#define constant(word) _mm_set1_epi32((int)(word))
#define xor2 _mm_xor_si128
#define rotate_left(x, n) _mm_or_si128(_mm_slli_epi32(x, n), _mm_srli_epi32(x, 32 - (n)))
#define xor3(x, y, z) xor2(xor2(x, y), z)
#define choose(x, y, z) xor2(z, _mm_and_si128(x, xor2(y, z)))
#define majority(x, y, z) _mm_or_si128(_mm_and_si128(x, y), _mm_and_si128(z, _mm_or_si128(x, y)))
#define xor_or_not(x, y, z) xor2(y, _mm_or_si128(x, xor2(z, constant(0xffffffff))))

/* By whole bytes one instruction does it. */
TARGET static inline vector rotate_right(vector x, int n) {
    if (n == 16) return _mm_shuffle_epi8(x, _mm_setr_epi32(0x01000302, 0x05040706, 0x09080b0a, 0x0d0c0f0e));
    if (n == 8) return _mm_shuffle_epi8(x, _mm_setr_epi32(0x00030201, 0x04070605, 0x080b0a09, 0x0c0f0e0d));
    return rotate_left(x, 32 - n);
}

/* Rows become columns. */
TARGET static inline void transpose(vector r[4]) {
    vector low01 = _mm_unpacklo_epi32(r[0], r[1]), high01 = _mm_unpackhi_epi32(r[0], r[1]);
    vector low23 = _mm_unpacklo_epi32(r[2], r[3]), high23 = _mm_unpackhi_epi32(r[2], r[3]);
    r[0] = _mm_unpacklo_epi64(low01, low23), r[1] = _mm_unpackhi_epi64(low01, low23);
    r[2] = _mm_unpacklo_epi64(high01, high23), r[3] = _mm_unpackhi_epi64(high01, high23);
}

TARGET static inline void load_block(vector w[16], const uint8_t *const blocks[], bool big_endian) {
    const vector reversed = _mm_setr_epi32(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f);
    for (int quarter = 0; quarter < 16; quarter += 4) {
        for (int lane = 0; lane < LANES; lane++) {
            vector words = _mm_loadu_si128((const __m128i *)(blocks[lane] + 4 * quarter));
            w[quarter + lane] = big_endian ? _mm_shuffle_epi8(words, reversed) : words;
        }
        transpose(w + quarter);
    }
}

TARGET static inline void load_states(vector s[8], uint32_t states[][8]) {
    for (int half = 0; half < 8; half += 4) {
        for (int lane = 0; lane < LANES; lane++)
            s[half + lane] = _mm_loadu_si128((const __m128i *)&states[lane][half]);
        transpose(s + half);
    }
}

TARGET static inline void store_states(uint32_t states[][8], vector s[8]) {
    for (int half = 0; half < 8; half += 4) {
        transpose(s + half);
        for (int lane = 0; lane < LANES; lane++)
            _mm_storeu_si128((__m128i *)&states[lane][half], s[half + lane]);
    }
}

#endif
