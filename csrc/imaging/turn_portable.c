/* Columns become rows, pixel by pixel. */
#include "imaging/turn.h"

#include "simd.h"

#include <string.h>

static TP_ALWAYS_INLINE void transpose(uint8_t *out, ptrdiff_t out_stride, const uint8_t *in, ptrdiff_t in_stride,
                                       size_t width, size_t height, size_t channels) {
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            memcpy(out + (ptrdiff_t)y * out_stride + channels * x, in + (ptrdiff_t)x * in_stride + channels * y,
                   channels);
}

#define TRANSPOSE(channels)                                                                                            \
    void tp_turn_##channels##_portable(uint8_t *out, ptrdiff_t out_stride, const uint8_t *in, ptrdiff_t in_stride,     \
                                       size_t width, size_t height) {                                                  \
        transpose(out, out_stride, in, in_stride, width, height, channels);                                            \
    }

TRANSPOSE(1)
TRANSPOSE(2)
TRANSPOSE(3)
TRANSPOSE(4)
