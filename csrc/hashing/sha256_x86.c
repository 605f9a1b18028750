/* SHA-256 with the SHA extensions of x86-64 (Intel SDM, SHA256RNDS2, SHA256MSG1, SHA256MSG2). */
#include "hashing/sha256.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define SHA_TARGET TP_TARGET("sha,sse4.1,ssse3")

SHA_TARGET static inline __m128i load_words(const uint8_t *bytes) {
    const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes), big_endian);
}

/* Four words of the message schedule from the sixteen before them: w0 … w3, oldest first. */
SHA_TARGET static inline __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3) {
    __m128i sums = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
    return _mm_sha256msg2_epu32(sums, w3);
}

/* The instruction does two rounds with the low half of its last operand, and wants the state as ABEF and CDGH. */
typedef struct halves {
    __m128i abef, cdgh;
} halves;

SHA_TARGET static inline halves four_rounds(halves s, __m128i words, int round) {
    __m128i wk = _mm_add_epi32(words, _mm_loadu_si128((const __m128i *)&tp_sha256_k[round]));
    s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, wk);
    s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, _mm_shuffle_epi32(wk, 0x0e));
    return s;
}

SHA_TARGET static inline halves load_state(const uint32_t state[8]) {
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)&state[0]), 0xb1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)&state[4]), 0x1b);
    return (halves){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
}

SHA_TARGET static inline void store_state(uint32_t state[8], halves s) {
    __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b), dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)&state[0], _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)&state[4], _mm_alignr_epi8(dchg, feba, 8));
}

/* Each step for every message before the next step: an instruction need not wait for the one before. */
#define EACH for (int i = 0; i < N; i++)
#define DEFINE_COMPRESS(name, messages)                                                                                \
    SHA_TARGET static inline void name(halves s[messages], const uint8_t *next[messages], size_t count) {              \
        enum { N = messages };                                                                                         \
        for (; count; count--) {                                                                                       \
            halves before[N];                                                                                          \
            __m128i w[4][N];                                                                                           \
            EACH before[i] = s[i];                                                                                     \
            for (int quarter = 0; quarter < 4; quarter++) {                                                            \
                EACH w[quarter][i] = load_words(next[i] + 16 * quarter);                                               \
                EACH s[i] = four_rounds(s[i], w[quarter][i], 4 * quarter);                                             \
            }                                                                                                          \
            for (int round = 16; round < 64; round += 16) {                                                            \
                EACH w[0][i] = next_words(w[0][i], w[1][i], w[2][i], w[3][i]);                                         \
                EACH s[i] = four_rounds(s[i], w[0][i], round);                                                         \
                EACH w[1][i] = next_words(w[1][i], w[2][i], w[3][i], w[0][i]);                                         \
                EACH s[i] = four_rounds(s[i], w[1][i], round + 4);                                                     \
                EACH w[2][i] = next_words(w[2][i], w[3][i], w[0][i], w[1][i]);                                         \
                EACH s[i] = four_rounds(s[i], w[2][i], round + 8);                                                     \
                EACH w[3][i] = next_words(w[3][i], w[0][i], w[1][i], w[2][i]);                                         \
                EACH s[i] = four_rounds(s[i], w[3][i], round + 12);                                                    \
            }                                                                                                          \
            EACH {                                                                                                     \
                s[i].abef = _mm_add_epi32(s[i].abef, before[i].abef);                                                  \
                s[i].cdgh = _mm_add_epi32(s[i].cdgh, before[i].cdgh);                                                  \
                next[i] += TP_BLOCK;                                                                                   \
            }                                                                                                          \
        }                                                                                                              \
    }

DEFINE_COMPRESS(compress_one, 1)
DEFINE_COMPRESS(compress_three, 3)

SHA_TARGET void tp_sha256_compress_x86(uint32_t state[], const uint8_t *blocks, size_t count) {
    halves s[1] = {load_state(state)};
    compress_one(s, &blocks, count);
    store_state(state, s[0]);
}

SHA_TARGET void tp_sha256_compress_x86_three(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[],
                                             size_t count) {
    halves s[3] = {load_state(states[0]), load_state(states[1]), load_state(states[2])};
    const uint8_t *next[3] = {blocks[0], blocks[1], blocks[2]};
    compress_three(s, next, count);
    for (int i = 0; i < 3; i++)
        store_state(states[i], s[i]);
}

#endif
