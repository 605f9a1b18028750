/* How many pixels have each value, for each channel. Thread-safe. */
#ifndef TP_IMAGE_HISTOGRAM_H
#define TP_IMAGE_HISTOGRAM_H

#include "imaging/image.h"
#include "imaging/operation.h"

#include <stdatomic.h>

typedef struct tp_image_histogram {
    tp_image in;
    _Atomic uint64_t (*counts)[256]; /* of each channel */
} tp_image_histogram;

/* Zeros the counts; the parts, rows, add to them. The operation needs `histogram` for as long as it runs. */
void tp_image_histogram_prepare(const tp_image_histogram *histogram, tp_operation *operation);

#endif
