/* SHA-256 with the cryptography extensions of ARMv8 (Arm ARM, SHA256H, SHA256H2, SHA256SU0, SHA256SU1). */
#include "hashing/sha256.h"

#if defined(TP_CPU_ARM_SHA)

#include "simd.h"

#if defined(__clang__)
#define SHA_TARGET TP_TARGET("sha2")
#else
#define SHA_TARGET TP_TARGET("+crypto")
#endif

/* Four rounds on the state halves abcd and efgh. */
SHA_TARGET static inline void four_rounds(uint32x4_t *abcd, uint32x4_t *efgh, uint32x4_t words, int round) {
    uint32x4_t wk = vaddq_u32(words, vld1q_u32(&tp_sha256_k[round]));
    uint32x4_t before = *abcd;
    *abcd = vsha256hq_u32(before, *efgh, wk);
    *efgh = vsha256h2q_u32(*efgh, before, wk);
}

/* Four words of the message schedule from the sixteen before them: w0 … w3, oldest first. */
SHA_TARGET static inline uint32x4_t next_words(uint32x4_t w0, uint32x4_t w1, uint32x4_t w2, uint32x4_t w3) {
    return vsha256su1q_u32(vsha256su0q_u32(w0, w1), w2, w3);
}

SHA_TARGET static inline uint32x4_t load_words(const uint8_t *bytes) {
    return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(bytes)));
}

SHA_TARGET void tp_sha256_compress_arm(uint32_t state[], const uint8_t *blocks, size_t count) {
    uint32x4_t abcd = vld1q_u32(&state[0]), efgh = vld1q_u32(&state[4]);
    for (; count; count--, blocks += TP_BLOCK) {
        uint32x4_t abcd_before = abcd, efgh_before = efgh;
        uint32x4_t w0 = load_words(blocks), w1 = load_words(blocks + 16);
        uint32x4_t w2 = load_words(blocks + 32), w3 = load_words(blocks + 48);
        four_rounds(&abcd, &efgh, w0, 0);
        four_rounds(&abcd, &efgh, w1, 4);
        four_rounds(&abcd, &efgh, w2, 8);
        four_rounds(&abcd, &efgh, w3, 12);
        for (int round = 16; round < 64; round += 16) {
            w0 = next_words(w0, w1, w2, w3);
            four_rounds(&abcd, &efgh, w0, round);
            w1 = next_words(w1, w2, w3, w0);
            four_rounds(&abcd, &efgh, w1, round + 4);
            w2 = next_words(w2, w3, w0, w1);
            four_rounds(&abcd, &efgh, w2, round + 8);
            w3 = next_words(w3, w0, w1, w2);
            four_rounds(&abcd, &efgh, w3, round + 12);
        }
        abcd = vaddq_u32(abcd, abcd_before);
        efgh = vaddq_u32(efgh, efgh_before);
    }
    vst1q_u32(&state[0], abcd);
    vst1q_u32(&state[4], efgh);
}

#endif
