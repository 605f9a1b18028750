/* SHA-1 with the cryptography extensions of ARMv8 (Arm ARM, SHA1C, SHA1P, SHA1M, SHA1H, SHA1SU0, SHA1SU1). */
#include "hashing/sha1.h"

#if defined(TP_CPU_ARM_SHA)

#include "simd.h"

#if defined(__clang__)
#define SHA_TARGET TP_TARGET("sha2")
#else
#define SHA_TARGET TP_TARGET("+crypto")
#endif

SHA_TARGET static inline uint32x4_t load_words(const uint8_t *bytes) {
    return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(bytes)));
}

/* Four words of the message schedule from the sixteen before them: w0 … w3, oldest first. */
SHA_TARGET static inline uint32x4_t next_words(uint32x4_t w0, uint32x4_t w1, uint32x4_t w2, uint32x4_t w3) {
    return vsha1su1q_u32(vsha1su0q_u32(w0, w1, w2), w3);
}

/* Four rounds; the e of the four after them comes from the a of now. */
#define FOUR_ROUNDS(rounds, k, words)                                                                                  \
    do {                                                                                                               \
        uint32_t next_e = vsha1h_u32(vgetq_lane_u32(abcd, 0));                                                         \
        abcd = rounds(abcd, e, vaddq_u32(words, vdupq_n_u32(k)));                                                      \
        e = next_e;                                                                                                    \
    } while (0)

/* Rounds first … first + 19, with the words of the schedule from w[], which holds the last sixteen. */
#define TWENTY_ROUNDS(first, rounds, k)                                                                                \
    for (int t = first / 4; t < first / 4 + 5; t++) {                                                                  \
        if (t >= 4) w[t & 3] = next_words(w[t & 3], w[(t + 1) & 3], w[(t + 2) & 3], w[(t + 3) & 3]);                   \
        FOUR_ROUNDS(rounds, k, w[t & 3]);                                                                              \
    }

SHA_TARGET void tp_sha1_compress_arm(uint32_t state[], const uint8_t *blocks, size_t count) {
    uint32x4_t abcd = vld1q_u32(state);
    uint32_t e = state[4];
    for (; count; count--, blocks += TP_BLOCK) {
        uint32x4_t abcd_before = abcd, w[4];
        uint32_t e_before = e;
        for (int i = 0; i < 4; i++)
            w[i] = load_words(blocks + 16 * i);
        TWENTY_ROUNDS(0, vsha1cq_u32, TP_SHA1_K0)
        TWENTY_ROUNDS(20, vsha1pq_u32, TP_SHA1_K1)
        TWENTY_ROUNDS(40, vsha1mq_u32, TP_SHA1_K2)
        TWENTY_ROUNDS(60, vsha1pq_u32, TP_SHA1_K3)
        abcd = vaddq_u32(abcd, abcd_before);
        e += e_before;
    }
    vst1q_u32(state, abcd);
    state[4] = e;
}

#endif
