/* Words of 4 lanes in each vector, with NEON; see vector.h. */
#ifndef TP_VECTOR_NEON_H
#define TP_VECTOR_NEON_H

#include "hashing/vector.h"

#define TARGET

#define MANY_REGISTERS

enum { LANES = 4 };
typedef uint32x4_t vector;

#define add vaddq_u32
#define shift_right vshrq_n_u32
#define constant vdupq_n_u32
#define xor2 veorq_u32
#define rotate_left(x, n) vsriq_n_u32(vshlq_n_u32(x, n), x, 32 - (n))
#define rotate_right(x, n) rotate_left(x, 32 - (n))
#define xor3(x, y, z) xor2(xor2(x, y), z)
#define choose(x, y, z) vbslq_u32(x, y, z)
#define majority(x, y, z) vbslq_u32(xor2(x, y), z, y)
#define xor_or_not(x, y, z) xor2(y, vornq_u32(x, z))

/* Rows become columns. */
TARGET static inline void transpose(vector r[4]) {
    uint64x2_t even01 = vreinterpretq_u64_u32(vtrn1q_u32(r[0], r[1]));
    uint64x2_t odd01 = vreinterpretq_u64_u32(vtrn2q_u32(r[0], r[1]));
    uint64x2_t even23 = vreinterpretq_u64_u32(vtrn1q_u32(r[2], r[3]));
    uint64x2_t odd23 = vreinterpretq_u64_u32(vtrn2q_u32(r[2], r[3]));
    r[0] = vreinterpretq_u32_u64(vtrn1q_u64(even01, even23));
    r[1] = vreinterpretq_u32_u64(vtrn1q_u64(odd01, odd23));
    r[2] = vreinterpretq_u32_u64(vtrn2q_u64(even01, even23));
    r[3] = vreinterpretq_u32_u64(vtrn2q_u64(odd01, odd23));
}

TARGET static inline void load_block(vector w[16], const uint8_t *const blocks[], bool big_endian) {
    for (int quarter = 0; quarter < 16; quarter += 4) {
        for (int lane = 0; lane < LANES; lane++) {
            uint8x16_t bytes = vld1q_u8(blocks[lane] + 4 * quarter);
            w[quarter + lane] = vreinterpretq_u32_u8(big_endian ? vrev32q_u8(bytes) : bytes);
        }
        transpose(w + quarter);
    }
}

TARGET static inline void load_states(vector s[8], uint32_t states[][8]) {
    for (int half = 0; half < 8; half += 4) {
        for (int lane = 0; lane < LANES; lane++)
            s[half + lane] = vld1q_u32(&states[lane][half]);
        transpose(s + half);
    }
}

TARGET static inline void store_states(uint32_t states[][8], vector s[8]) {
    for (int half = 0; half < 8; half += 4) {
        transpose(s + half);
        for (int lane = 0; lane < LANES; lane++)
            vst1q_u32(&states[lane][half], s[half + lane]);
    }
}

#endif
