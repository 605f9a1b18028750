/* Resizing, with Pillow's results: across, rounded to 8 bits, then down. */
#ifndef TP_RESIZE_H
#define TP_RESIZE_H

#include "cpu.h"
#include "imaging/axis.h"
#include "imaging/image.h"
#include "imaging/operation.h"

typedef struct tp_resize_variant tp_resize_variant;

/* The fastest variant that the features allow. The only place that asks about the CPU. */
const tp_resize_variant *tp_resize_select(tp_cpu_features features);
const char *tp_resize_name(const tp_resize_variant *variant);

typedef struct tp_resize {
    const tp_resize_variant *variant;
    tp_image in, out;      /* of the same number of channels, neither without pixels; they do not overlap */
    const tp_axis *across; /* for this variant and these channels */
    const tp_axis *down;   /* of the same filter */
    /* Colours count as much as the last of 2 or 4 channels says: they are multiplied by it, resized and divided. Has no
     * meaning with TP_NEAREST, nor when the size stays. */
    bool alpha;
    /* NULL: rows go to `out`. Otherwise each is handed to it, once, by any thread; then out.pixels is not used. */
    void (*emit)(void *to, size_t y, const uint8_t *row);
    void *to;
} tp_resize;

/* Parts are rows of the result. `resize` is to stay as it is until the operation is done. */
void tp_resize_prepare(const tp_resize *resize, tp_operation *operation);

#endif
