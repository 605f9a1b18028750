/* Luma of 16 pixels at a time, with NEON. */
#include "imaging/gray.h"

#if defined(__aarch64__) || defined(_M_ARM64)

#include "simd.h"

#define TARGET
#define NAME(format) tp_gray_##format##_neon
#define NARROWER(format) tp_gray_##format##_portable
enum { BLOCK = 16 };

static inline uint16x4_t luma_of_four(uint16x4_t red, uint16x4_t green, uint16x4_t blue) {
    uint32x4_t sum = vmull_n_u16(red, TP_GRAY_RED);
    sum = vmlal_n_u16(sum, green, TP_GRAY_GREEN);
    return vrshrn_n_u32(vmlal_n_u16(sum, blue, TP_GRAY_BLUE), 16);
}

static inline uint8x8_t luma_of_eight(uint8x8_t red, uint8x8_t green, uint8x8_t blue) {
    uint16x8_t r = vmovl_u8(red), g = vmovl_u8(green), b = vmovl_u8(blue);
    return vmovn_u16(vcombine_u16(luma_of_four(vget_low_u16(r), vget_low_u16(g), vget_low_u16(b)),
                                  luma_of_four(vget_high_u16(r), vget_high_u16(g), vget_high_u16(b))));
}

static inline void luma(uint8_t *out, uint8x16_t red, uint8x16_t green, uint8x16_t blue) {
    vst1_u8(out, luma_of_eight(vget_low_u8(red), vget_low_u8(green), vget_low_u8(blue)));
    vst1_u8(out + 8, luma_of_eight(vget_high_u8(red), vget_high_u8(green), vget_high_u8(blue)));
}

static inline void luma_rgb(uint8_t *out, const uint8_t *in) {
    uint8x16x3_t pixels = vld3q_u8(in);
    luma(out, pixels.val[0], pixels.val[1], pixels.val[2]);
}

static inline void luma_rgbx(uint8_t *out, const uint8_t *in) {
    uint8x16x4_t pixels = vld4q_u8(in);
    luma(out, pixels.val[0], pixels.val[1], pixels.val[2]);
}

#include "imaging/gray_rows.h"

#endif
