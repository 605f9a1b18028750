/* Resizing with NEON. */
#include "imaging/resize_variants.h"

#if defined(__aarch64__) || defined(_M_ARM64)

#include "simd.h"

#define TARGET

enum { LANES = 1, PERMUTES = 0 };
typedef int32x4_t vector;
typedef float32x4_t floats;

#define bytes_of vreinterpretq_u8_s32
#define shorts_of vreinterpretq_s16_s32
#define load(address) vreinterpretq_s32_u8(vld1q_u8((const uint8_t *)(const void *)(address)))
#define store(address, x) vst1q_u8((uint8_t *)(void *)(address), bytes_of(x))
#define load_lanes(row, offsets) load((row) + (offsets)[0])
#define everywhere load
#define shuffle(x, control) vreinterpretq_s32_u8(vqtbl1q_u8(bytes_of(x), bytes_of(control)))
#define permute shuffle /* of one lane or two it is not used */
#define word vdupq_n_s32
#define descale(x) vshrq_n_s32(x, TP_WEIGHT_BITS)
#define narrow(x, y) vcombine_s16(vqmovn_s32(x), vqmovn_s32(y))
#define pack(a, b, c, d) vreinterpretq_s32_u8(vcombine_u8(vqmovun_s16(narrow(a, b)), vqmovun_s16(narrow(c, d))))
#define pairs vpaddq_s32
#define average(x, y) vreinterpretq_s32_u8(vrhaddq_u8(bytes_of(x), bytes_of(y)))
#define in_order(x) (x)
#define both vandq_s32
#define either vorrq_s32
#define left vshlq_n_s32
#define right(x, n) vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(x), n))
#define smaller_of vminq_s32
#define right16(x, n) vreinterpretq_s32_u16(vshrq_n_u16(vreinterpretq_u16_s32(x), n))
#define add16(x, y) vreinterpretq_s32_s16(vaddq_s16(shorts_of(x), shorts_of(y)))
#define multiply16(x, y) vreinterpretq_s32_s16(vmulq_s16(shorts_of(x), shorts_of(y)))
#define zeros(x) vreinterpretq_s32_u32(vceqzq_s32(x))
#define to_floats vcvtq_f32_s32
#define to_integers vcvtq_s32_f32
#define number vdupq_n_f32
#define divide_floats vdivq_f32
#define multiply_floats vmulq_f32
#define add_floats vaddq_f32
#define add vaddq_s32

static TP_ALWAYS_INLINE void store_lanes(uint8_t *address, vector x, size_t step) {
    if (step > 8)
        store(address, x);
    else
        vst1_u8(address, vget_low_u8(bytes_of(x)));
}

static TP_ALWAYS_INLINE vector multiply_add(vector x, vector y) {
    int32x4_t low = vmull_s16(vget_low_s16(shorts_of(x)), vget_low_s16(shorts_of(y)));
    return vpaddq_s32(low, vmull_high_s16(shorts_of(x), shorts_of(y)));
}

static void interleave(const uint8_t *const rows[TP_QUAD], size_t bytes, uint8_t *quad) {
    for (size_t i = 0; i < bytes; i += TP_LANE) {
        if (bytes - i < TP_LANE) i = bytes - TP_LANE; /* some of them a second time */
        uint8x16x4_t four;
        for (int row = 0; row < TP_QUAD; row++)
            four.val[row] = vld1q_u8(rows[row] + i);
        vst4q_u8(quad + TP_QUAD * i, four);
    }
}

#include "imaging/resize_words.h"

#include "imaging/resize_lanes.h"

#include "imaging/resize_alpha.h"

#include "imaging/resize_half.h"

const tp_resize_variant tp_resize_neon = VARIANT("NEON", 0.06);

#endif
