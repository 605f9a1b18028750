/* Images mirrored. Thread-safe: nothing is shared but constants. */
#ifndef TP_FLIP_H
#define TP_FLIP_H

#include "cpu.h"
#include "imaging/image.h"
#include "imaging/operation.h"

/* A row's pixels from the last to the first. The rows have no byte in common. */
typedef void tp_flip_row(uint8_t *out, const uint8_t *in, size_t width);

typedef struct tp_flip_variant {
    const char *name;
    tp_flip_row *row[TP_MOST_CHANNELS]; /* for so many channels, less one */
} tp_flip_variant;

/* The fastest variant that the features allow. The only place that asks about the CPU. */
const tp_flip_variant *tp_flip_select(tp_cpu_features features);

/* The images have the same size and channels, and no byte in common. */
typedef struct tp_flip {
    const tp_flip_variant *variant;
    tp_image in, out;
    bool across; /* left becomes right; if not, top becomes bottom */
} tp_flip;

/* Parts are rows of the result. The operation needs `flip` for as long as it runs. */
void tp_flip_prepare(const tp_flip *flip, tp_operation *operation);

/* The variants. Each compiles on every architecture, to nothing where it has no place. */
tp_flip_row tp_flip_1_portable, tp_flip_2_portable, tp_flip_3_portable, tp_flip_4_portable;
tp_flip_row tp_flip_1_sse41, tp_flip_2_sse41, tp_flip_3_sse41, tp_flip_4_sse41;
tp_flip_row tp_flip_1_neon, tp_flip_2_neon, tp_flip_3_neon, tp_flip_4_neon;

#endif
