/* Resizing without weights: each pixel of the result is one of the input. */
#include "imaging/resize_variants.h"
#include "simd.h"

#include <stdlib.h>
#include <string.h>

/* A copy is a load and a store when the compiler knows of how many bytes. Of three, a fourth comes along, and is
 * overwritten by the next pixel: both rows have it, but for their last pixels. */
static TP_ALWAYS_INLINE void pick(const tp_axis *across, unsigned channels, const uint8_t *row, uint8_t *to) {
    const int32_t *from = across->first;
    size_t x = 0, out = across->out;
    int32_t last = (int32_t)across->in - 1;
    if (channels == 3)
        for (; x + 1 < out && (uint32_t)from[x] < (uint32_t)last; x++)
            memcpy(to + x * 3, row + (size_t)from[x] * 3, 4);
    for (; x < out && from[x] >= 0; x++)
        memcpy(to + x * channels, row + (size_t)from[x] * channels, channels);
    memset(to + x * channels, 0, (out - x) * channels); /* only a last few can lie outside */
}

static void pick_row(const tp_axis *across, unsigned channels, const uint8_t *row, uint8_t *to) {
    if (channels == 1) pick(across, 1, row, to);
    if (channels == 2) pick(across, 2, row, to);
    if (channels == 3) pick(across, 3, row, to);
    if (channels == 4) pick(across, 4, row, to);
}

int tp_resize_nearest(const void *work, size_t begin, size_t end) {
    const tp_resize *resize = work;
    size_t bytes = tp_row_bytes(&resize->out);
    uint8_t *row = resize->emit ? malloc(bytes) : NULL;
    if (resize->emit && !row) return TP_NO_MEMORY;
    for (size_t y = begin; y < end; y++) {
        int32_t from = resize->down->first[y];
        uint8_t *to = resize->emit ? row : tp_row(&resize->out, y);
        if (y > begin && from == resize->down->first[y - 1])
            memmove(to, resize->emit ? row : tp_row(&resize->out, y - 1), bytes);
        else if (from < 0)
            memset(to, 0, bytes);
        else
            pick_row(resize->across, resize->in.channels, tp_row(&resize->in, (size_t)from), to);
        if (resize->emit) resize->emit(resize->to, y, row);
    }
    free(row);
    return TP_OK;
}
