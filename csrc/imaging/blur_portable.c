/* The blurs by their definition, line by line. */
#include "imaging/blur.h"

#include <stdlib.h>

static void blur_line(const uint8_t *in, uint8_t *out, size_t count, const tp_box *box) {
    size_t radius = box->radius, last = count - 1;
    size_t inside = radius < last ? radius : last; /* the pixels that there are behind the first, of its box */
    uint32_t sum = (uint32_t)radius * in[0] + (uint32_t)(radius - inside) * in[last];
    for (size_t i = 0; i <= inside; i++)
        sum += in[i];
    for (size_t i = 0; i < count; i++) {
        uint32_t before = in[i > radius ? i - radius - 1 : 0], first = in[i > radius ? i - radius : 0];
        uint32_t behind = in[radius < last - i ? i + radius + 1 : last];
        out[i] = (uint8_t)((sum * box->inner + (before + behind) * box->outer + TP_BOX_HALF) >> TP_BOX_BITS);
        sum += behind - first;
    }
}

/* Bytes that lie apart, brought together and back; `scratch` has room for two lines. */
static void blur_bytes(const uint8_t *in, ptrdiff_t in_step, uint8_t *out, ptrdiff_t out_step, size_t count,
                       const tp_box *box, unsigned passes, uint8_t *scratch) {
    uint8_t *line = scratch, *blurred = scratch + count;
    for (size_t i = 0; i < count; i++)
        line[i] = in[(ptrdiff_t)i * in_step];
    for (unsigned pass = 0; pass < passes; pass++) {
        blur_line(line, blurred, count, box);
        uint8_t *swapped = line;
        line = blurred;
        blurred = swapped;
    }
    for (size_t i = 0; i < count; i++)
        out[(ptrdiff_t)i * out_step] = line[i];
}

int tp_blur_rows_portable(const void *work, size_t begin, size_t end) {
    const tp_blur *blur = work;
    size_t width = blur->in.width, last = end * TP_BLUR_ROWS;
    tp_box box = tp_box_of_radius(blur->x_radius);
    uint8_t *scratch = width <= SIZE_MAX / 2 ? malloc(2 * width) : NULL;
    if (!scratch) return TP_NO_MEMORY;
    for (size_t y = begin * TP_BLUR_ROWS; y < last && y < blur->in.height; y++)
        for (unsigned channel = 0; channel < blur->in.channels; channel++)
            blur_bytes(tp_row(&blur->in, y) + channel, blur->in.channels, tp_row(&blur->out, y) + channel,
                       blur->in.channels, width, &box, blur->passes, scratch);
    free(scratch);
    return TP_OK;
}

int tp_blur_columns_portable(const void *work, size_t begin, size_t end) {
    const tp_blur *blur = work;
    const tp_image *in = tp_blur_of_rows(blur);
    size_t height = in->height, row_bytes = tp_row_bytes(in), last = end * TP_BLUR_COLUMNS;
    tp_box box = tp_box_of_radius(blur->y_radius);
    uint8_t *scratch = height <= SIZE_MAX / 2 ? malloc(2 * height) : NULL;
    if (!scratch) return TP_NO_MEMORY;
    for (size_t x = begin * TP_BLUR_COLUMNS; x < last && x < row_bytes; x++)
        blur_bytes(in->pixels + x, in->stride, blur->out.pixels + x, blur->out.stride, height, &box, blur->passes,
                   scratch);
    free(scratch);
    return TP_OK;
}
