/* SHA-256 over 8 messages at once, with AVX2. */
#include "hashing/lanes.h"
#include "hashing/sha256.h"

#if defined(__x86_64__) || defined(_M_X64)

#include <immintrin.h>

#if defined(_MSC_VER) && !defined(__clang__)
#define TARGET
#else
#define TARGET __attribute__((target("avx2")))
#endif

enum { LANES = 8 };
typedef __m256i vector;

#define add _mm256_add_epi32
#define shift _mm256_srli_epi32
#define constant(word) _mm256_set1_epi32((int)(word))
#define rotate(x, n) _mm256_or_si256(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - (n)))
#define xor3(a, b, c) _mm256_xor_si256(_mm256_xor_si256(a, b), c)
#define choose(x, y, z) _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)))
#define majority(x, y, z) _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)))

/* Rows become columns. */
TARGET static inline void transpose(__m256i r[8]) {
    __m256i t[8];
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

TARGET static inline void load_block(vector w[16], const uint8_t *const blocks[]) {
    const vector big_endian = _mm256_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6,
                                               5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    for (int half = 0; half < 16; half += 8) {
        for (int lane = 0; lane < LANES; lane++) {
            vector words = _mm256_loadu_si256((const __m256i *)(blocks[lane] + 4 * half));
            w[half + lane] = _mm256_shuffle_epi8(words, big_endian);
        }
        transpose(w + half);
    }
}

TARGET static inline void load_states(vector s[8], uint32_t states[][TP_MOST_WORDS]) {
    for (int lane = 0; lane < LANES; lane++)
        s[lane] = _mm256_loadu_si256((const __m256i *)states[lane]);
    transpose(s);
}

TARGET static inline void store_states(uint32_t states[][TP_MOST_WORDS], vector s[8]) {
    transpose(s);
    for (int lane = 0; lane < LANES; lane++)
        _mm256_storeu_si256((__m256i *)states[lane], s[lane]);
}

#include "hashing/sha256_lanes.h"

TARGET void tp_sha256_compress_avx2(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[], size_t count) {
    compress_lanes(states, blocks, count);
}

#endif
