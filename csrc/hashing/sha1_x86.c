/* SHA-1 with the SHA extensions of x86-64 (Intel SDM, SHA1RNDS4, SHA1NEXTE, SHA1MSG1, SHA1MSG2). */
#include "hashing/sha1.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define SHA_TARGET TP_TARGET("sha,sse4.1,ssse3")

/* The first word of four is in the highest bits, as the instructions want it. */
SHA_TARGET static inline __m128i load_words(const uint8_t *bytes) {
    const __m128i reversed = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes), reversed);
}

/* Four words of the message schedule from the sixteen before them: w0 … w3, oldest first. */
SHA_TARGET static inline __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3) {
    return _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(w0, w1), w2), w3);
}

/* Four rounds. Their e comes from the a of four rounds ago, which is what `e` holds; it then holds this one's. */
#define FOUR_ROUNDS(abcd, e, words, function)                                                                          \
    do {                                                                                                               \
        __m128i before = abcd;                                                                                         \
        abcd = _mm_sha1rnds4_epu32(abcd, _mm_sha1nexte_epu32(e, words), function);                                     \
        e = before;                                                                                                    \
    } while (0)

#define NEXT_FOUR_ROUNDS(w0, w1, w2, w3, function)                                                                     \
    do {                                                                                                               \
        w0 = next_words(w0, w1, w2, w3);                                                                               \
        FOUR_ROUNDS(abcd, e, w0, function);                                                                            \
    } while (0)

SHA_TARGET void tp_sha1_compress_x86(uint32_t state[], const uint8_t *blocks, size_t count) {
    __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0x1b);
    __m128i last_e = _mm_set_epi32((int)state[4], 0, 0, 0);
    for (; count; count--, blocks += TP_BLOCK) {
        __m128i w0 = load_words(blocks), w1 = load_words(blocks + 16);
        __m128i w2 = load_words(blocks + 32), w3 = load_words(blocks + 48);
        __m128i first = abcd, e = abcd;
        abcd = _mm_sha1rnds4_epu32(abcd, _mm_add_epi32(last_e, w0), 0); /* its e is not a rotated a */
        FOUR_ROUNDS(abcd, e, w1, 0);
        FOUR_ROUNDS(abcd, e, w2, 0);
        FOUR_ROUNDS(abcd, e, w3, 0);
        NEXT_FOUR_ROUNDS(w0, w1, w2, w3, 0);
        NEXT_FOUR_ROUNDS(w1, w2, w3, w0, 1);
        NEXT_FOUR_ROUNDS(w2, w3, w0, w1, 1);
        NEXT_FOUR_ROUNDS(w3, w0, w1, w2, 1);
        NEXT_FOUR_ROUNDS(w0, w1, w2, w3, 1);
        NEXT_FOUR_ROUNDS(w1, w2, w3, w0, 1);
        NEXT_FOUR_ROUNDS(w2, w3, w0, w1, 2);
        NEXT_FOUR_ROUNDS(w3, w0, w1, w2, 2);
        NEXT_FOUR_ROUNDS(w0, w1, w2, w3, 2);
        NEXT_FOUR_ROUNDS(w1, w2, w3, w0, 2);
        NEXT_FOUR_ROUNDS(w2, w3, w0, w1, 2);
        NEXT_FOUR_ROUNDS(w3, w0, w1, w2, 3);
        NEXT_FOUR_ROUNDS(w0, w1, w2, w3, 3);
        NEXT_FOUR_ROUNDS(w1, w2, w3, w0, 3);
        NEXT_FOUR_ROUNDS(w2, w3, w0, w1, 3);
        NEXT_FOUR_ROUNDS(w3, w0, w1, w2, 3);
        last_e = _mm_sha1nexte_epu32(e, last_e);
        abcd = _mm_add_epi32(abcd, first);
    }
    _mm_storeu_si128((__m128i *)state, _mm_shuffle_epi32(abcd, 0x1b));
    state[4] = (uint32_t)_mm_extract_epi32(last_e, 3);
}

#endif
