/* Rows in reverse order, pixel by pixel. */
#include "imaging/flip.h"

#include "simd.h"

#include <string.h>

static TP_ALWAYS_INLINE void reverse(uint8_t *out, const uint8_t *in, size_t width, size_t channels) {
    for (size_t x = 0; x < width; x++)
        memcpy(out + channels * x, in + channels * (width - 1 - x), channels);
}

void tp_flip_1_portable(uint8_t *out, const uint8_t *in, size_t width) { reverse(out, in, width, 1); }

void tp_flip_2_portable(uint8_t *out, const uint8_t *in, size_t width) { reverse(out, in, width, 2); }

void tp_flip_3_portable(uint8_t *out, const uint8_t *in, size_t width) { reverse(out, in, width, 3); }

void tp_flip_4_portable(uint8_t *out, const uint8_t *in, size_t width) { reverse(out, in, width, 4); }
