/* Which variant of resizing to use, and the order in which rows are made: from top to bottom, with as many quads kept
 * as a row of the result needs. */
#include "imaging/resize.h"

#include "imaging/resize_variants.h"

#include <stdlib.h>
#include <string.h>

const tp_resize_variant *tp_resize_select(tp_cpu_features features) {
#if defined(__x86_64__) || defined(_M_X64)
    if (features.vnni) return &tp_resize_avx512;
    if (features.avx2) return &tp_resize_avx2;
    if (features.sse41) return &tp_resize_sse41;
#elif defined(__aarch64__) || defined(_M_ARM64)
    if (features.neon) return &tp_resize_neon;
#endif
    (void)features;
    return &tp_resize_portable;
}

const char *tp_resize_name(const tp_resize_variant *variant) { return variant->name; }

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Whether the pass down comes first: when it takes away more than twice as much of the height as that across takes of
 * the width. So does Pillow from 13 on, and it makes a difference in rounding. */
static bool down_first(const tp_resize *resize) {
    const tp_image *in = &resize->in, *out = &resize->out;
    if (resize->across->same || out->height >= in->height) return false;
    return out->width >= in->width || (in->height - out->height - 1) / 2 >= in->width - out->width;
}

/* A thread's share of the result. Quads are counted from the first row that it needs. */
typedef struct band {
    const tp_resize *resize;
    const tp_resize_variant *variant;
    size_t first, last; /* rows of the input */
    size_t slots;       /* quads that are kept, each in its number modulo this */
    size_t quad_bytes;
    size_t row_bytes;    /* of a row that is copied before it is read; 0: none is */
    size_t middle_bytes; /* of a row after the pass down, where that comes first; 0: it does not */
    void *memory;        /* of all that follows */
    uint8_t *quads, *rows, *middle, *row, *weights;
    const uint8_t **used;
} band;

static size_t first_quad(const band *b, size_t y) { return ((size_t)b->resize->down->first[y] - b->first) / TP_QUAD; }

static size_t end_quad(const band *b, size_t y) {
    const tp_axis *down = b->resize->down;
    return ((size_t)down->first[y] + (size_t)down->taps[y] - b->first + TP_QUAD - 1) / TP_QUAD;
}

static size_t padded(size_t bytes) { return (bytes + TP_MOST_VECTOR - 1) / TP_MOST_VECTOR * TP_MOST_VECTOR; }

/* Takes the next `count` pieces of memory; NULL at first, which only counts. */
static void *take(uint8_t **memory, size_t count, size_t bytes, bool *overflow) {
    uint8_t *piece = *memory;
    *overflow |= count > (SIZE_MAX / 2 - (uintptr_t)piece) / larger(bytes, 1);
    *memory = (uint8_t *)((uintptr_t)piece + count * bytes);
    return piece;
}

/* Shares memory out; false when it would be too much to count. */
static bool share(band *b, uint8_t **memory) {
    const tp_resize_variant *variant = b->variant;
    bool overflow = false;
    b->quads = take(memory, b->slots + 1, b->quad_bytes, &overflow);
    b->rows = take(memory, TP_QUAD, padded(b->row_bytes), &overflow);
    b->middle = take(memory, TP_QUAD, padded(b->middle_bytes), &overflow);
    b->row = take(memory, 1, padded(tp_row_bytes(&b->resize->out)), &overflow);
    b->weights = take(memory, b->slots * tp_planes(variant->digits), padded(tp_vector_bytes(variant)), &overflow);
    b->used = take(memory, b->slots, sizeof *b->used, &overflow);
    return !overflow;
}

static bool begin_band(band *b, const tp_resize *resize, size_t begin, size_t end) {
    const tp_axis *across = resize->across, *down = resize->down;
    *b = (band){.resize = resize, .variant = resize->variant, .first = (size_t)down->first[begin]};
    b->last = (size_t)down->first[end - 1] + (size_t)down->taps[end - 1] - 1;
    for (size_t y = begin; y < end; y++)
        b->slots = larger(b->slots, end_quad(b, y) - first_quad(b, y));
    size_t in_bytes = tp_row_bytes(&resize->in), widest = tp_row_bytes(&resize->out);
    size_t least = across->same ? TP_LANE : across->table.least * resize->in.channels;
    if (down_first(resize)) {
        b->middle_bytes = larger(larger(in_bytes, least), TP_MOST_VECTOR);
        widest = larger(in_bytes, widest);
        least = TP_LANE;
    }
    if (resize->alpha || in_bytes < least) b->row_bytes = larger(in_bytes, least);
    b->quad_bytes = padded(TP_QUAD * larger(widest, TP_MOST_VECTOR)) + TP_SLACK;
    uint8_t *memory = NULL;
    if (!share(b, &memory)) return false;
    b->memory = malloc((uintptr_t)memory + TP_MOST_VECTOR);
    if (!b->memory) return false;
    memory = (uint8_t *)padded((uintptr_t)b->memory);
    share(b, &memory);
    memset(b->rows, 0, TP_QUAD * padded(b->row_bytes));
    memset(b->middle, 0, TP_QUAD * padded(b->middle_bytes));
    return true;
}

static uint8_t *slot(const band *b, size_t quad) { return b->quads + quad % b->slots * b->quad_bytes; }

static void make_quad(band *b, size_t quad) {
    const tp_resize *resize = b->resize;
    const uint8_t *rows[TP_QUAD];
    for (size_t i = 0; i < TP_QUAD; i++) {
        rows[i] = tp_row(&resize->in, smaller(b->first + TP_QUAD * quad + i, b->last));
        if (!b->row_bytes) continue;
        uint8_t *copy = b->rows + i * padded(b->row_bytes);
        if (resize->alpha)
            b->variant->premultiply(rows[i], resize->in.width, resize->in.channels, copy);
        else
            memcpy(copy, rows[i], tp_row_bytes(&resize->in));
        rows[i] = copy;
    }
    if (resize->across->same || b->middle_bytes)
        b->variant->interleave(rows, larger(tp_row_bytes(&resize->in), TP_LANE), slot(b, quad));
    else
        b->variant->across(resize->across, resize->in.channels, rows, slot(b, quad));
}

/* Weights of `taps` rows, which begin so many rows after the first quad, for whole quads. */
static void spread_weights(band *b, const int32_t *weights, size_t taps, size_t before, size_t quads) {
    size_t words = tp_vector_bytes(b->variant) / sizeof(uint32_t);
    uint32_t *to = (uint32_t *)(void *)b->weights;
    for (size_t quad = 0; quad < quads; quad++) {
        int32_t four[TP_QUAD];
        uint32_t split[TP_MOST_PLANES];
        for (size_t row = 0; row < TP_QUAD; row++) {
            size_t tap = TP_QUAD * quad + row - before; /* very large before the first */
            four[row] = tap < taps ? weights[tap] : 0;
        }
        tp_split(b->variant->digits, four, split);
        for (unsigned plane = 0; plane < tp_planes(b->variant->digits); plane++)
            for (size_t word = 0; word < words; word++)
                *to++ = split[plane];
    }
}

/* A row as the pass down makes it. */
static void sum_rows(band *b, size_t y, size_t bytes, uint8_t *row) {
    const tp_axis *down = b->resize->down;
    size_t quad = first_quad(b, y), count = end_quad(b, y) - quad;
    for (size_t i = 0; i < count; i++)
        b->used[i] = slot(b, quad + i);
    spread_weights(b, down->weights + y * down->most, (size_t)down->taps[y],
                   (size_t)down->first[y] - b->first - TP_QUAD * quad, count);
    b->variant->down(b->used, count, b->weights, larger(bytes, TP_MOST_VECTOR), row);
}

/* Where the next row of the result is to be made: in its place, when it is not too short for a vector. */
static uint8_t *place_row(const band *b, size_t y) {
    bool direct = !b->resize->emit && tp_row_bytes(&b->resize->out) >= TP_MOST_VECTOR;
    return direct ? tp_row(&b->resize->out, y) : b->row;
}

static void finish_row(const band *b, size_t y, uint8_t *row) {
    const tp_image *out = &b->resize->out;
    if (b->resize->alpha) b->variant->divide(row, out->width, out->channels);
    if (b->resize->emit)
        b->resize->emit(b->resize->to, y, row);
    else if (row == b->row)
        memcpy(tp_row(out, y), row, tp_row_bytes(out));
}

/* Four rows of the result from four sums of rows. */
static void finish_four(band *b, size_t y, size_t end) {
    static const int32_t one = 1 << TP_WEIGHT_BITS;
    const uint8_t *rows[TP_QUAD];
    uint8_t *quad = b->quads + b->slots * b->quad_bytes;
    for (size_t i = 0; i < TP_QUAD; i++)
        rows[i] = b->middle + i * padded(b->middle_bytes);
    b->variant->across(b->resize->across, b->resize->in.channels, rows, quad);
    b->used[0] = quad;
    for (size_t i = 0; y < end; i++, y++) {
        uint8_t *row = place_row(b, y);
        spread_weights(b, &one, 1, i, 1);
        b->variant->down(b->used, 1, b->weights, larger(tp_row_bytes(&b->resize->out), TP_MOST_VECTOR), row);
        finish_row(b, y, row);
    }
}

static int run(const void *work, size_t begin, size_t end) {
    band b;
    if (!begin_band(&b, work, begin, end)) return TP_NO_MEMORY;
    size_t made = 0;
    for (size_t y = begin; y < end; y++) {
        for (size_t needed = end_quad(&b, y); made < needed; made++)
            make_quad(&b, made);
        size_t of_four = (y - begin) % TP_QUAD;
        if (!b.middle_bytes) {
            uint8_t *row = place_row(&b, y);
            sum_rows(&b, y, tp_row_bytes(&b.resize->out), row);
            finish_row(&b, y, row);
        } else {
            sum_rows(&b, y, tp_row_bytes(&b.resize->in), b.middle + of_four * padded(b.middle_bytes));
            if (of_four == TP_QUAD - 1 || y == end - 1) finish_four(&b, y - of_four, y + 1);
        }
    }
    free(b.memory);
    return TP_OK;
}

static int halve(const void *work, size_t begin, size_t end) {
    const tp_resize *resize = work;
    size_t bytes = tp_row_bytes(&resize->out);
    uint8_t *memory = resize->emit ? malloc(bytes) : NULL;
    if (resize->emit && !memory) return TP_NO_MEMORY;
    for (size_t y = begin; y < end; y++) {
        uint8_t *row = resize->emit ? memory : tp_row(&resize->out, y);
        resize->variant->halve(tp_row(&resize->in, 2 * y), tp_row(&resize->in, 2 * y + 1), resize->out.width,
                               resize->out.channels, row);
        if (resize->emit) resize->emit(resize->to, y, row);
    }
    free(memory);
    return TP_OK;
}

static int copy(const void *work, size_t begin, size_t end) {
    const tp_resize *resize = work;
    for (size_t y = begin; y < end; y++) {
        const uint8_t *row = tp_row(&resize->in, y);
        if (resize->emit)
            resize->emit(resize->to, y, row);
        else
            memcpy(tp_row(&resize->out, y), row, tp_row_bytes(&resize->out));
    }
    return TP_OK;
}

/* What all of it takes. Beside its weights a byte costs about as much as for several; rows of the input are read, and
 * alpha is dear, a division above all. */
static double estimate(const tp_resize *resize) {
    enum { OVERHEAD = 7 };
    double out_bytes = (double)tp_row_bytes(&resize->out) * (double)resize->out.height;
    double in_bytes = (double)tp_row_bytes(&resize->in) * (double)resize->in.height;
    double middle = (double)tp_row_bytes(&resize->out) * (double)resize->in.height;
    double products = middle * (double)(OVERHEAD + resize->across->most);
    products += out_bytes * (double)(OVERHEAD + resize->down->most);
    if (resize->alpha) products += 2 * in_bytes + 8 * out_bytes;
    return products * resize->variant->nanoseconds + 0.05 * in_bytes;
}

/* Rows of the result below whose share of the input there are eight times as many rows as bands have in common. */
static size_t grain(const tp_axis *down) {
    size_t rows = (size_t)down->first[down->out - 1] + (size_t)down->taps[down->out - 1] - (size_t)down->first[0];
    double share = (double)rows / (double)down->out;
    return 1 + (size_t)(8 * (double)down->most / (share > 0.01 ? share : 0.01));
}

void tp_resize_prepare(const tp_resize *resize, tp_operation *operation) {
    const tp_axis *across = resize->across, *down = resize->down;
    double bytes = (double)tp_row_bytes(&resize->out) * (double)resize->out.height;
    tp_stage *stage = &operation->stage[0];
    *operation = (tp_operation){.work = resize, .stages = 1};
    *stage = (tp_stage){copy, resize->out.height, 1};
    operation->nanoseconds = 0.1 * bytes;
    if (across->same && down->same) return;
    if (down->filter == TP_NEAREST) {
        stage->run = tp_resize_nearest;
        operation->nanoseconds = 0.3 * bytes;
    } else if (across->halves && down->halves && !resize->alpha && !down_first(resize)) {
        stage->run = halve;
        operation->nanoseconds = 0.3 * bytes;
    } else {
        stage->run = run;
        stage->grain = grain(down);
        operation->nanoseconds = estimate(resize);
    }
}
