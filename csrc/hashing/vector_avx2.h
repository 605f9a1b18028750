/* Words of 8 lanes in each vector, with AVX2; see vector.h. */
#ifndef TP_VECTOR_AVX2_H
#define TP_VECTOR_AVX2_H

#include "hashing/vector.h"

#define TARGET TP_TARGET("avx2")

enum { LANES = 8 };
typedef __m256i vector;

#define add _mm256_add_epi32
#define shift_right _mm256_srli_epi32
#define constant(word) _mm256_set1_epi32((int)(word))
#define xor2 _mm256_xor_si256
#define rotate_left(x, n) _mm256_or_si256(_mm256_slli_epi32(x, n), _mm256_srli_epi32(x, 32 - (n)))
#define xor3(x, y, z) xor2(xor2(x, y), z)
#define choose(x, y, z) xor2(z, _mm256_and_si256(x, xor2(y, z)))
#define majority(x, y, z) _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)))
#define xor_or_not(x, y, z) xor2(y, _mm256_or_si256(x, xor2(z, constant(0xffffffff))))

/* By whole bytes one instruction does it. */
TARGET static inline vector rotate_right(vector x, int n) {
    const vector by_16 = _mm256_setr_epi32(0x01000302, 0x05040706, 0x09080b0a, 0x0d0c0f0e, 0x01000302, 0x05040706,
                                           0x09080b0a, 0x0d0c0f0e);
    const vector by_8 = _mm256_setr_epi32(0x00030201, 0x04070605, 0x080b0a09, 0x0c0f0e0d, 0x00030201, 0x04070605,
                                          0x080b0a09, 0x0c0f0e0d);
    if (n == 16) return _mm256_shuffle_epi8(x, by_16);
    if (n == 8) return _mm256_shuffle_epi8(x, by_8);
    return rotate_left(x, 32 - n);
}

/* Rows become columns. */
TARGET static inline void transpose(vector r[8]) {
    vector t[8];
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int half = 0; half < 2; half++) {
            r[i + 2 * half] = _mm256_unpacklo_epi64(t[i + half], t[i + half + 2]);
            r[i + 2 * half + 1] = _mm256_unpackhi_epi64(t[i + half], t[i + half + 2]);
        }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
        t[i + 4] = _mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
    }
    for (int i = 0; i < 8; i++)
        r[i] = t[i];
}

TARGET static inline void load_block(vector w[16], const uint8_t *const blocks[], bool big_endian) {
    const vector reversed = _mm256_setr_epi32(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f, 0x00010203, 0x04050607,
                                              0x08090a0b, 0x0c0d0e0f);
    for (int half = 0; half < 16; half += 8) {
        for (int lane = 0; lane < LANES; lane++) {
            vector words = _mm256_loadu_si256((const __m256i *)(blocks[lane] + 4 * half));
            w[half + lane] = big_endian ? _mm256_shuffle_epi8(words, reversed) : words;
        }
        transpose(w + half);
    }
}

TARGET static inline void load_states(vector s[8], uint32_t states[][8]) {
    for (int lane = 0; lane < LANES; lane++)
        s[lane] = _mm256_loadu_si256((const __m256i *)states[lane]);
    transpose(s);
}

TARGET static inline void store_states(uint32_t states[][8], vector s[8]) {
    transpose(s);
    for (int lane = 0; lane < LANES; lane++)
        _mm256_storeu_si256((__m256i *)states[lane], s[lane]);
}

#endif
