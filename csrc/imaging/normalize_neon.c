/* Normalised values, 4 at a time, with NEON. */
#include "imaging/normalize.h"

#if defined(__aarch64__) || defined(_M_ARM64)

#include "simd.h"

#include <string.h>

#define TARGET
#define NAME(type) tp_normalize_##type##_neon
enum { LANES = 4, READ = 16 };
typedef uint8x16_t places;

/* What is not picked is zero: the upper bytes. */
static inline places places_of(unsigned channels, unsigned channel) {
    uint32_t pixels[LANES];
    for (unsigned i = 0; i < LANES; i++)
        pixels[i] = 0xffffff00 | (channels * i + channel);
    return vreinterpretq_u8_u32(vld1q_u32(pixels));
}

static inline float32x4_t converted(const uint8_t *bytes, unsigned channels, places where) {
    (void)channels;
    return vcvtq_f32_u32(vreinterpretq_u32_u8(vqtbl1q_u8(vld1q_u8(bytes), where)));
}

static inline float32x4_t scaled(float32x4_t values, float scale, float bias) {
    return vaddq_f32(vmulq_f32(values, vdupq_n_f32(scale)), vdupq_n_f32(bias));
}

static inline void store_halves(uint16_t *out, float32x4_t values) {
    vst1_u16(out, vreinterpret_u16_f16(vcvt_f16_f32(values)));
}

#define HALVES
#define store_floats vst1q_f32

#include "imaging/normalize_rows.h"

#endif
