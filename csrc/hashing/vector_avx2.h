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

/* By four words: what is put in place as it is loaded needs no shuffle, for which there are few ports. */
TARGET static inline void load_block(vector w[16], const uint8_t *const blocks[], bool big_endian) {
    const vector reversed = _mm256_setr_epi32(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f, 0x00010203, 0x04050607,
                                              0x08090a0b, 0x0c0d0e0f);
    for (int quarter = 0; quarter < 16; quarter += 4) {
        vector r[4];
        for (int i = 0; i < 4; i++) {
            r[i] = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(blocks[i] + 4 * quarter)));
            r[i] = _mm256_inserti128_si256(r[i], _mm_loadu_si128((const __m128i *)(blocks[i + 4] + 4 * quarter)), 1);
            if (big_endian) r[i] = _mm256_shuffle_epi8(r[i], reversed);
        }
        vector low01 = _mm256_unpacklo_epi32(r[0], r[1]), high01 = _mm256_unpackhi_epi32(r[0], r[1]);
        vector low23 = _mm256_unpacklo_epi32(r[2], r[3]), high23 = _mm256_unpackhi_epi32(r[2], r[3]);
        w[quarter] = _mm256_unpacklo_epi64(low01, low23), w[quarter + 1] = _mm256_unpackhi_epi64(low01, low23);
        w[quarter + 2] = _mm256_unpacklo_epi64(high01, high23), w[quarter + 3] = _mm256_unpackhi_epi64(high01, high23);
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
