/* The CRCs with the instructions made for them and the carry-less multiplication of ARMv8 (Arm ARM, CRC32, CRC32C,
 * PMULL). */
#include "hashing/crc.h"

#if defined(TP_CRC_ARM)

#include "simd.h"

#include <arm_acle.h>

#if defined(__clang__)
#define TARGET TP_TARGET("crc,aes")
#else
#define TARGET TP_TARGET("+crc+crypto")
#endif

typedef uint8x16_t vector;
enum { OVER_1 = TP_CRC_OVER_16, OVER_2 = TP_CRC_OVER_32, OVER_4 = TP_CRC_OVER_64 };

TARGET static inline vector load(const uint8_t *bytes) { return vld1q_u8(bytes); }

TARGET static inline vector fold(vector early, const uint64_t factors[2], vector late) {
    poly64x2_t x = vreinterpretq_p64_u8(early), k = vreinterpretq_p64_u64(vld1q_u64(factors));
    vector first = vreinterpretq_u8_p128(vmull_p64(vgetq_lane_p64(x, 0), vgetq_lane_p64(k, 0)));
    return veorq_u8(veorq_u8(first, late), vreinterpretq_u8_p128(vmull_high_p64(x, k)));
}

/* For each byte, where in x it comes from when n bytes leave. Where that is beyond x, the tables give 0, or what was
 * there. */
TARGET static inline vector sources(size_t n) {
    static const uint8_t from_0[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return vaddq_u8(vld1q_u8(from_0), vdupq_n_u8((uint8_t)n));
}

TARGET static inline vector leaving(vector x, size_t n) { return vqtbl1q_u8(x, sources(n - 16)); }

TARGET static inline vector slide(vector x, vector next, size_t n) { return vqtbx1q_u8(next, x, sources(n)); }

#include "hashing/crc_fold.h"
#include "hashing/crc_step.h"

typedef uint32_t steps(uint32_t state, const uint8_t *data, size_t size);

TARGET static inline uint32_t update(const tp_crc_factors factors, steps *in_steps, uint32_t crc, const uint8_t *data,
                                     size_t size) {
    if (size < 4 * WIDTH) return ~in_steps(~crc, data, size);
    vector x = veorq_u8(load(data), vreinterpretq_u8_u32(vsetq_lane_u32(~crc, vdupq_n_u32(0), 0)));
    uint8_t block[WIDTH];
    vst1q_u8(block, fold_bytes(factors, x, data + WIDTH, size - WIDTH));
    return ~in_steps(0, block, sizeof block);
}

DEFINE_STEPS(crc32_steps, __crc32d, __crc32w, __crc32h, __crc32b)
DEFINE_STEPS(crc32c_steps, __crc32cd, __crc32cw, __crc32ch, __crc32cb)

TARGET uint32_t tp_crc32_arm(uint32_t crc, const uint8_t *data, size_t size) {
    return update(tp_crc32_factors, crc32_steps, crc, data, size);
}

TARGET uint32_t tp_crc32c_arm(uint32_t crc, const uint8_t *data, size_t size) {
    return update(tp_crc32c_factors, crc32c_steps, crc, data, size);
}

#endif
