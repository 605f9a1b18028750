/* Words of 16 lanes in each vector, with AVX-512; see vector.h. */
#ifndef TP_VECTOR_AVX512_H
#define TP_VECTOR_AVX512_H

#include "hashing/vector.h"

#define TARGET TP_TARGET("avx512f,avx512bw,avx512vl")

#define MANY_REGISTERS

enum { LANES = 16 };
typedef __m512i vector;

#define add _mm512_add_epi32
#define rotate_left _mm512_rol_epi32
#define rotate_right _mm512_ror_epi32
#define shift_right _mm512_srli_epi32
#define constant(word) _mm512_set1_epi32((int)(word))
#define xor2 _mm512_xor_si512
/* The last argument is the function's value where the bits of x, y and z are those of 0xf0, 0xcc and 0xaa. */
#define xor3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define choose(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define majority(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)
#define xor_or_not(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x39)

/* Rows become columns. */
TARGET static inline void transpose(vector r[16]) {
    vector t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int half = 0; half < 2; half++) {
            r[i + 2 * half] = _mm512_unpacklo_epi64(t[i + half], t[i + half + 2]);
            r[i + 2 * half + 1] = _mm512_unpackhi_epi64(t[i + half], t[i + half + 2]);
        }
    for (int i = 0; i < 4; i++)
        for (int half = 0; half < 16; half += 8) {
            t[half + i] = _mm512_shuffle_i32x4(r[half + i], r[half + i + 4], 0x88);
            t[half + i + 4] = _mm512_shuffle_i32x4(r[half + i], r[half + i + 4], 0xdd);
        }
    for (int i = 0; i < 8; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    }
}

/* By four words: what is put in place as it is loaded needs no shuffle, for which there is but one port. */
TARGET static inline void load_block(vector w[16], const uint8_t *const blocks[], bool big_endian) {
    const vector reversed = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
    for (int quarter = 0; quarter < 16; quarter += 4) {
        vector r[4];
        for (int i = 0; i < 4; i++) {
            r[i] = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(blocks[i] + 4 * quarter)));
            r[i] = _mm512_inserti32x4(r[i], _mm_loadu_si128((const __m128i *)(blocks[i + 4] + 4 * quarter)), 1);
            r[i] = _mm512_inserti32x4(r[i], _mm_loadu_si128((const __m128i *)(blocks[i + 8] + 4 * quarter)), 2);
            r[i] = _mm512_inserti32x4(r[i], _mm_loadu_si128((const __m128i *)(blocks[i + 12] + 4 * quarter)), 3);
            if (big_endian) r[i] = _mm512_shuffle_epi8(r[i], reversed);
        }
        vector low01 = _mm512_unpacklo_epi32(r[0], r[1]), high01 = _mm512_unpackhi_epi32(r[0], r[1]);
        vector low23 = _mm512_unpacklo_epi32(r[2], r[3]), high23 = _mm512_unpackhi_epi32(r[2], r[3]);
        w[quarter] = _mm512_unpacklo_epi64(low01, low23), w[quarter + 1] = _mm512_unpackhi_epi64(low01, low23);
        w[quarter + 2] = _mm512_unpacklo_epi64(high01, high23), w[quarter + 3] = _mm512_unpackhi_epi64(high01, high23);
    }
}

TARGET static inline void load_states(vector s[8], uint32_t states[][8]) {
    vector rows[16];
    for (int lane = 0; lane < LANES; lane++)
        rows[lane] = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)states[lane]));
    transpose(rows);
    for (int word = 0; word < 8; word++)
        s[word] = rows[word];
}

/* By half a state, which needs fewer shuffles than whole rows. */
TARGET static inline void store_states(uint32_t states[][8], const vector s[8]) {
    for (int half = 0; half < 8; half += 4) {
        vector low01 = _mm512_unpacklo_epi32(s[half], s[half + 1]),
               high01 = _mm512_unpackhi_epi32(s[half], s[half + 1]);
        vector low23 = _mm512_unpacklo_epi32(s[half + 2], s[half + 3]);
        vector high23 = _mm512_unpackhi_epi32(s[half + 2], s[half + 3]);
        vector r[4] = {_mm512_unpacklo_epi64(low01, low23), _mm512_unpackhi_epi64(low01, low23),
                       _mm512_unpacklo_epi64(high01, high23), _mm512_unpackhi_epi64(high01, high23)};
        for (int i = 0; i < 4; i++) {
            _mm_storeu_si128((__m128i *)&states[i][half], _mm512_castsi512_si128(r[i]));
            _mm_storeu_si128((__m128i *)&states[i + 4][half], _mm512_extracti32x4_epi32(r[i], 1));
            _mm_storeu_si128((__m128i *)&states[i + 8][half], _mm512_extracti32x4_epi32(r[i], 2));
            _mm_storeu_si128((__m128i *)&states[i + 12][half], _mm512_extracti32x4_epi32(r[i], 3));
        }
    }
}

#endif
