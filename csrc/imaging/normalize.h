/* Images as planes of floats or halves, each channel scaled and shifted. Thread-safe: nothing is shared but constants.
 */
#ifndef TP_NORMALIZE_H
#define TP_NORMALIZE_H

#include "cpu.h"
#include "imaging/image.h"
#include "imaging/operation.h"

/* One channel of a row of pixels: each byte times `scale`, and plus `bias`, rounded both times. */
typedef void tp_normalize_row(void *out, const uint8_t *row, size_t width, unsigned channels, unsigned channel,
                              float scale, float bias);

typedef struct tp_normalize_variant {
    const char *name;
    tp_normalize_row *floats;
    tp_normalize_row *halves; /* of IEEE 754: the floats, rounded once more to the nearest, of two to the even */
} tp_normalize_variant;

/* The fastest variant that the features allow. The only place that asks about the CPU. */
const tp_normalize_variant *tp_normalize_select(tp_cpu_features features);

/* Planes and rows may lie anywhere where their type may, values are one behind the other. */
typedef struct tp_normalize {
    const tp_normalize_variant *variant;
    tp_image in;     /* tp_normalize_emit needs but its width and channels */
    unsigned planes; /* of the first channels: at most as many as there are */
    void *out;
    ptrdiff_t plane_stride, row_stride; /* bytes, of either sign */
    float scale[TP_MOST_CHANNELS], bias[TP_MOST_CHANNELS];
    bool half;
} tp_normalize;

/* The row y of each plane, of a row of pixels; `to` is a tp_normalize. */
void tp_normalize_emit(void *to, size_t y, const uint8_t *row);

/* Parts are rows of `in`. The operation needs `normalize` for as long as it runs. */
void tp_normalize_prepare(const tp_normalize *normalize, tp_operation *operation);

/* The variants. Each compiles on every architecture, to nothing where it has no place. */
tp_normalize_row tp_normalize_floats_portable, tp_normalize_halves_portable;
tp_normalize_row tp_normalize_floats_sse41;
tp_normalize_row tp_normalize_floats_avx2, tp_normalize_halves_avx2;     /* the latter with F16C */
tp_normalize_row tp_normalize_floats_avx512, tp_normalize_halves_avx512; /* with VBMI */
tp_normalize_row tp_normalize_floats_neon, tp_normalize_halves_neon;

#endif
