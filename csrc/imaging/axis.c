/* Filters and their weights, which are Pillow's to the last bit: every expression is in its order. */
#include "imaging/axis.h"

#include "imaging/image.h"
#include "imaging/resize_variants.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

typedef double filter(double x);

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

static double bilinear(double x) {
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static double hamming(double x) {
    x = fabs(x);
    if (x == 0) return 1;
    if (x >= 1) return 0;
    x *= pi;
    return sin(x) / x * (0.54f + 0.46f * cos(x)); /* the constants are floats */
}

static double bicubic(double x) {
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double sinc(double x) {
    if (x == 0) return 1;
    x *= pi;
    return sin(x) / x;
}

static double lanczos(double x) { return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

static const struct {
    filter *weight;
    double support;
} filters[] = {
    [TP_BOX] = {box, 0.5},       [TP_BILINEAR] = {bilinear, 1}, [TP_HAMMING] = {hamming, 1},
    [TP_BICUBIC] = {bicubic, 2}, [TP_LANCZOS] = {lanczos, 3},
};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* The filter's values around `center`, which make 1 together, as integers. */
static void weigh(filter *weight, double center, double scale, size_t first, size_t taps, double *values,
                  int32_t *weights) {
    double sum = 0, narrower = 1 / scale;
    for (size_t i = 0; i < taps; i++) {
        values[i] = weight(((double)(i + first) - center + 0.5) * narrower);
        sum += values[i];
    }
    for (size_t i = 0; i < taps; i++) {
        double value = (sum != 0 ? values[i] / sum : values[i]) * (1 << TP_WEIGHT_BITS);
        weights[i] = (int32_t)(value < 0 ? value - 0.5 : value + 0.5);
    }
}

/* After how many outputs taps may lie around the center as they did before. */
static size_t period(float begin, float end, size_t out) {
    if (begin != floorf(begin) || end != floorf(end)) return 1;
    size_t a = (size_t)(end - begin), b = out;
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return out / a;
}

static void place_taps(tp_axis *axis, float begin, float end, double *values) {
    filter *weight = filters[axis->filter].weight;
    double step = (double)(end - begin) / (double)axis->out, scale = step < 1 ? 1 : step;
    double support = filters[axis->filter].support * scale;
    size_t again = period(begin, end, axis->out);
    for (size_t i = 0; i < axis->out; i++) {
        double center = begin + ((double)i + 0.5) * step, low = center - support + 0.5;
        size_t first = low < 0 ? 0 : (size_t)low, last = smaller((size_t)(center + support + 0.5), axis->in);
        first = smaller(first, axis->in - 1);
        size_t taps = last > first ? last - first : 1;
        int32_t *weights = axis->weights + i * axis->most;
        axis->first[i] = (int32_t)first;
        axis->taps[i] = (int32_t)taps;
        /* Sines are dear, and where the taps lie around the center decides everything. */
        double before = begin + ((double)i - (double)again + 0.5) * step;
        if (i >= again && axis->taps[i - again] == axis->taps[i] &&
            before - axis->first[i - again] == center - (double)first)
            memcpy(weights, weights - again * axis->most, taps * sizeof *weights);
        else
            weigh(weight, center, scale, first, taps, values, weights);
    }
}

/* The coordinates are summed up, with all that rounding does to the sum. */
static void place_nearest(tp_axis *axis, float begin, float end) {
    double step = (double)(end - begin) / (double)axis->out, at = begin + step * 0.5;
    for (size_t i = 0; i < axis->out; i++, at += step) {
        axis->first[i] = at < (double)axis->in ? (int32_t)at : -1;
        axis->taps[i] = 1;
    }
}

static void place_same(tp_axis *axis) {
    for (size_t i = 0; i < axis->out; i++) {
        axis->first[i] = (int32_t)i;
        axis->taps[i] = 1;
        axis->weights[i] = 1 << TP_WEIGHT_BITS;
    }
}

/* Taps that an output may have; none with TP_NEAREST, which has no weights. */
static size_t most_taps(const tp_axis *axis, float begin, float end) {
    if (axis->filter == TP_NEAREST) return 0;
    if (axis->same) return 1;
    double step = (double)(end - begin) / (double)axis->out;
    return smaller((size_t)ceil(filters[axis->filter].support * (step < 1 ? 1 : step)) * 2 + 1, axis->in);
}

static bool place(tp_axis *axis, float begin, float end) {
    axis->most = most_taps(axis, begin, end);
    if (axis->most && axis->out > SIZE_MAX / sizeof(double) / axis->most) return false;
    axis->first = malloc(axis->out * sizeof *axis->first);
    axis->taps = malloc(axis->out * sizeof *axis->taps);
    axis->weights = malloc(axis->out * axis->most * sizeof *axis->weights + 1);
    double *values = malloc(axis->most * sizeof *values + 1);
    bool all = axis->first && axis->taps && axis->weights && values;
    if (all && axis->filter == TP_NEAREST)
        place_nearest(axis, begin, end);
    else if (all && axis->same)
        place_same(axis);
    else if (all)
        place_taps(axis, begin, end, values);
    free(values);
    return all;
}

tp_axis *tp_axis_new(size_t in, float begin, float end, size_t out, tp_filter filter, const tp_resize_variant *variant,
                     unsigned channels) {
    bool box = 0 <= begin && begin < end && end <= (float)in;
    if (!box || !out || in > TP_MOST_PIXELS || out > TP_MOST_PIXELS) return NULL;
    tp_axis *axis = calloc(1, sizeof *axis);
    if (!axis) return NULL;
    axis->in = in;
    axis->out = out;
    axis->filter = filter;
    bool whole = begin == 0 && end == (float)in;
    axis->same = whole && in == out;
    axis->halves = whole && filter == TP_BOX && in % 2 == 0 && in / 2 == out;
    if (place(axis, begin, end) && tp_table_make(axis, variant, channels)) return axis;
    tp_axis_free(axis);
    return NULL;
}

void tp_axis_free(tp_axis *axis) {
    if (!axis) return;
    tp_table_free(&axis->table);
    free(axis->first);
    free(axis->taps);
    free(axis->weights);
    free(axis);
}

size_t tp_axis_bytes(const tp_axis *axis) {
    return sizeof *axis + axis->out * (axis->most + 2) * sizeof *axis->weights + axis->table.bytes;
}
