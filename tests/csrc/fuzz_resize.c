/* Any geometry of a resize, in bands of any heights, gives in every variant what the portable one gives at once. */
#include "check.h"
#include "imaging/resize.h"

#include <string.h>

/* Takes bytes from the front of the input; zeros when there are no more. */
static uint32_t taken(const uint8_t **input, size_t *size, int bytes) {
    uint32_t value = 0;
    for (; bytes && *size; bytes--, ++*input, --*size)
        value = value << 8 | **input;
    return value;
}

/* Short ones are tried most. */
static size_t taken_side(const uint8_t **input, size_t *size) {
    uint32_t value = taken(input, size, 2);
    return 1 + (value > 0xe000 ? value % 500 : value % 90);
}

/* Any two floats, of which those that are no box in the side must be refused. */
static void taken_box(const uint8_t **input, size_t *size, size_t side, float *begin, float *end) {
    uint32_t kind = taken(input, size, 1);
    *begin = 0;
    *end = (float)side;
    if (kind % 3 == 0) return;
    uint32_t bits[2] = {taken(input, size, 4), taken(input, size, 4)};
    if (kind % 3 == 1) {
        memcpy(begin, &bits[0], sizeof *begin);
        memcpy(end, &bits[1], sizeof *end);
    } else {
        *begin = (float)bits[0] / 4294967296.f * (float)side;
        *end = *begin + (float)bits[1] / 4294967296.f * ((float)side - *begin);
    }
}

static bool is_box(size_t side, float begin, float end) { return 0 <= begin && begin < end && end <= (float)side; }

typedef struct bands {
    const uint8_t *heights;
    size_t count;
} bands;

/* Pixels of just the size, so that a sanitizer sees one byte too many. */
static uint8_t *resized(tp_resize job, bands cuts) {
    size_t stride = tp_row_bytes(&job.out);
    uint8_t *pixels = malloc(stride * job.out.height);
    CHECK(pixels);
    job.out.pixels = pixels;
    job.out.stride = (ptrdiff_t)stride;
    tp_operation operation;
    tp_resize_prepare(&job, &operation);
    for (size_t begin = 0, end, i = 0; begin < job.out.height; begin = end, i++) {
        end = i < cuts.count ? begin + 1 + cuts.heights[i] : job.out.height;
        if (end > job.out.height) end = job.out.height;
        CHECK(operation.stage[0].run(operation.work, begin, end) == TP_OK);
    }
    return pixels;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    const tp_resize_variant *variants[2] = {
        tp_resize_select(tp_cpu_cap(tp_cpu_detect(), TP_CPU_PORTABLE)),
        tp_resize_select(tp_cpu_cap(tp_cpu_detect(), (tp_cpu_level)(taken(&input, &size, 1) % (TP_CPU_NEON + 1)))),
    };
    unsigned channels = 1 + taken(&input, &size, 1) % TP_MOST_CHANNELS;
    bool alpha = channels % 2 == 0 && taken(&input, &size, 1) % 2;
    tp_filter filter = (tp_filter)(taken(&input, &size, 1) % (TP_LANCZOS + 1));
    size_t width = taken_side(&input, &size), height = taken_side(&input, &size);
    size_t out_width = taken_side(&input, &size), out_height = taken_side(&input, &size);
    float left, top, right, bottom;
    taken_box(&input, &size, width, &left, &right);
    taken_box(&input, &size, height, &top, &bottom);
    size_t bytes = width * channels * height;
    uint8_t *pixels = malloc(bytes), *results[2] = {NULL, NULL};
    CHECK(pixels);
    for (size_t i = 0; i < bytes; i++)
        pixels[i] = (uint8_t)(size ? input[i % size] * (1 + i / size) : i * 37);
    for (int i = 0; i < 2; i++) {
        tp_axis *across = tp_axis_new(width, left, right, out_width, filter, variants[i], channels);
        tp_axis *down = tp_axis_new(height, top, bottom, out_height, filter, variants[i], 0);
        CHECK(!across == !is_box(width, left, right) && !down == !is_box(height, top, bottom));
        if (across && down) {
            tp_resize job = {.variant = variants[i],
                             .in = {pixels, (ptrdiff_t)(width * channels), width, height, channels},
                             .out = {NULL, 0, out_width, out_height, channels},
                             .across = across,
                             .down = down,
                             .alpha = alpha};
            results[i] = resized(job, (bands){input, i ? size : 0});
        }
        tp_axis_free(across);
        tp_axis_free(down);
    }
    CHECK(!results[0] || memcmp(results[0], results[1], out_width * out_height * channels) == 0);
    free(pixels);
    free(results[0]);
    free(results[1]);
    return 0;
}
