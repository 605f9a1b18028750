/* Which variant of the blurs to use, and in which stages. */
#include "imaging/blur.h"

#include <math.h>
#include <string.h>

const tp_blur_variant *tp_blur_select(tp_cpu_features features) {
    static const tp_blur_variant portable = {"portable", tp_blur_rows_portable, tp_blur_columns_portable};
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_blur_variant avx512 = {"AVX-512 x 64", tp_blur_rows_avx512, tp_blur_columns_avx512};
    static const tp_blur_variant avx2 = {"AVX2 x 32", tp_blur_rows_avx2, tp_blur_columns_avx2};
    static const tp_blur_variant sse41 = {"SSE4.1 x 16", tp_blur_rows_sse41, tp_blur_columns_sse41};
    if (features.avx512 && features.vnni) return &avx512;
    if (features.avx2) return &avx2;
    if (features.sse41) return &sse41;
#elif defined(__aarch64__) || defined(_M_ARM64)
    static const tp_blur_variant neon = {"NEON x 16", tp_blur_rows_neon, tp_blur_columns_neon};
    if (features.neon) return &neon;
#endif
    (void)features;
    return &portable;
}

/* Every step is rounded to float but the square root and what it is of, as Pillow does: the last bits count. */
float tp_blur_box_radius(float sigma, unsigned passes) {
    float variance = sigma * sigma / (float)passes; /* of each box */
    float length = (float)sqrt(12.0 * variance + 1.0);
    float whole = (float)floor((length - 1.0) / 2.0);
    float fraction = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
    fraction /= 6 * (variance - (whole + 1) * (whole + 1));
    return whole + fraction;
}

tp_box tp_box_of_radius(float radius) {
    tp_box box = {.radius = (size_t)radius};
    box.inner = (uint32_t)((float)(1 << TP_BOX_BITS) / (radius * 2 + 1));
    box.outer = ((1u << TP_BOX_BITS) - (2 * (uint32_t)box.radius + 1) * box.inner) / 2;
    if (box.radius <= TP_BOX_MOST_WHOLE && radius == (float)box.radius) {
        uint32_t pixels = 2 * (uint32_t)box.radius + 1;
        while (pixels >> box.shift > 1)
            box.shift++;
        box.reciprocal = (uint16_t)((65536u << box.shift) / pixels + 1);
    }
    return box;
}

const tp_image *tp_blur_of_rows(const tp_blur *blur) { return blur->x_radius > 0 ? &blur->out : &blur->in; }

static int copy_rows(const void *work, size_t begin, size_t end) {
    const tp_blur *blur = work;
    for (size_t y = begin; y < end; y++)
        memmove(tp_row(&blur->out, y), tp_row(&blur->in, y), tp_row_bytes(&blur->in));
    return TP_OK;
}

static double pass_nanoseconds(float radius) { return tp_box_of_radius(radius).reciprocal ? 0.04 : 0.11; }

static void add_stage(tp_operation *operation, tp_run_parts *run, size_t parts, size_t grain, double nanoseconds) {
    operation->stage[operation->stages++] = (tp_stage){run, parts, grain};
    operation->nanoseconds += nanoseconds;
}

static size_t parts_of(size_t size, size_t part) { return size / part + (size % part != 0); }

void tp_blur_prepare(const tp_blur *blur, tp_operation *operation) {
    size_t height = blur->in.height, row_bytes = tp_row_bytes(&blur->in);
    /* With AVX-512: what a byte takes to be copied, to be turned in a vector and back, and in each pass. */
    double bytes = (double)height * (double)row_bytes, copying = 0.08, turning = 0.12;
    *operation = (tp_operation){.work = blur};
    if (!height || !row_bytes) return;
    if (blur->x_radius > 0)
        add_stage(operation, blur->variant->rows, parts_of(height, TP_BLUR_ROWS), 1,
                  bytes * (copying + turning + blur->passes * pass_nanoseconds(blur->x_radius)));
    if (blur->y_radius > 0)
        add_stage(operation, blur->variant->columns, parts_of(row_bytes, TP_BLUR_COLUMNS), 1,
                  bytes * (copying + blur->passes * pass_nanoseconds(blur->y_radius)));
    if (!operation->stages) add_stage(operation, copy_rows, height, 16, bytes * copying);
}
