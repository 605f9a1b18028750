/* Luma, pixel by pixel. */
#include "imaging/gray.h"

#include "simd.h"

static TP_ALWAYS_INLINE void luma(uint8_t *out, const uint8_t *in, size_t width, size_t channels) {
    for (size_t x = 0; x < width; x++, in += channels)
        out[x] = (uint8_t)((TP_GRAY_RED * in[0] + TP_GRAY_GREEN * in[1] + TP_GRAY_BLUE * in[2] + (1 << 15)) >> 16);
}

void tp_gray_rgb_portable(uint8_t *out, const uint8_t *in, size_t width) { luma(out, in, width, 3); }

void tp_gray_rgbx_portable(uint8_t *out, const uint8_t *in, size_t width) { luma(out, in, width, 4); }
