/* Images turned by quarters. Thread-safe: nothing is shared but constants. */
#ifndef TP_TURN_H
#define TP_TURN_H

#include "imaging/flip.h"

/* Columns become rows: of `height` rows of `width` pixels each is a column of `width` rows of `height` pixels. They
 * have no byte in common. */
typedef void tp_turn_transpose(uint8_t *out, ptrdiff_t out_stride, const uint8_t *in, ptrdiff_t in_stride, size_t width,
                               size_t height);

typedef struct tp_turn_variant {
    const char *name;
    tp_turn_transpose *transpose[TP_MOST_CHANNELS]; /* for so many channels, less one */
    tp_flip_row *flip[TP_MOST_CHANNELS];            /* likewise; for two quarters */
} tp_turn_variant;

/* The fastest variant that the features allow. The only place that asks about the CPU. */
const tp_turn_variant *tp_turn_select(tp_cpu_features features);

/* The images have the same channels, and no byte in common; width and height of `out` are those that turning gives. */
typedef struct tp_turn {
    const tp_turn_variant *variant;
    tp_image in, out;
    unsigned quarters; /* 0 to 3, counter-clockwise */
} tp_turn;

/* Parts are rows of the result. The operation needs `turn` for as long as it runs. */
void tp_turn_prepare(const tp_turn *turn, tp_operation *operation);

/* The variants. Each compiles on every architecture, to nothing where it has no place. */
tp_turn_transpose tp_turn_1_portable, tp_turn_2_portable, tp_turn_3_portable, tp_turn_4_portable;
tp_turn_transpose tp_turn_1_sse41, tp_turn_2_sse41, tp_turn_3_sse41, tp_turn_4_sse41;
tp_turn_transpose tp_turn_1_avx2, tp_turn_2_avx2, tp_turn_3_avx2, tp_turn_4_avx2;
tp_turn_transpose tp_turn_1_neon, tp_turn_2_neon, tp_turn_3_neon, tp_turn_4_neon;

#endif
