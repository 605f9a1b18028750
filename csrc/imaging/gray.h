/* Images as luma alone: ITU-R 601-2, as Pillow's convert("L"). Thread-safe: nothing is shared but constants. */
#ifndef TP_GRAY_H
#define TP_GRAY_H

#include "cpu.h"
#include "imaging/image.h"
#include "imaging/operation.h"

/* 0.299, 0.587 and 0.114 of 2^16. */
enum { TP_GRAY_RED = 19595, TP_GRAY_GREEN = 38470, TP_GRAY_BLUE = 7471 };

/* (red + green + blue + 2^15) >> 16, each times its weight. */
typedef void tp_gray_row(uint8_t *out, const uint8_t *in, size_t width);

typedef struct tp_gray_variant {
    const char *name;
    tp_gray_row *rgb, *rgbx; /* the fourth channel is ignored */
} tp_gray_variant;

/* The fastest variant that the features allow. The only place that asks about the CPU. */
const tp_gray_variant *tp_gray_select(tp_cpu_features features);

/* The images have the same size, `out` has one channel, and they have no byte in common. */
typedef struct tp_gray {
    const tp_gray_variant *variant;
    tp_image in, out; /* of one or two channels the first is the luma */
} tp_gray;

/* Parts are rows of the result. The operation needs `gray` for as long as it runs. */
void tp_gray_prepare(const tp_gray *gray, tp_operation *operation);

/* The variants. Each compiles on every architecture, to nothing where it has no place. */
tp_gray_row tp_gray_rgb_portable, tp_gray_rgbx_portable;
tp_gray_row tp_gray_rgb_sse41, tp_gray_rgbx_sse41;
tp_gray_row tp_gray_rgb_avx2, tp_gray_rgbx_avx2;
tp_gray_row tp_gray_rgb_avx512, tp_gray_rgbx_avx512; /* with VNNI and VBMI */
tp_gray_row tp_gray_rgb_neon, tp_gray_rgbx_neon;

#endif
