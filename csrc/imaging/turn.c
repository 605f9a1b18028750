/* Which variant of turning to use, and in which order an image is turned. */
#include "imaging/turn.h"

#include "imaging/grain.h"
#include "simd.h"

#include <string.h>

/* Bytes: of a line of a cache, and of an image that is still near when it was just written. */
enum { LINE = 64, CLOSE = 512 * 1024 };

#define FOUR(algorithm, set) {algorithm##_1_##set, algorithm##_2_##set, algorithm##_3_##set, algorithm##_4_##set}
#define VARIANT(name, turn, flip) {name, FOUR(tp_turn, turn), FOUR(tp_flip, flip)}

const tp_turn_variant *tp_turn_select(tp_cpu_features features) {
    static const tp_turn_variant portable = VARIANT("portable", portable, portable);
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_turn_variant avx2 = VARIANT("AVX2", avx2, sse41), sse41 = VARIANT("SSSE3", sse41, sse41);
    if (features.avx2) return &avx2;
    if (features.sse41) return &sse41;
#elif defined(__aarch64__) || defined(_M_ARM64)
    static const tp_turn_variant neon = VARIANT("NEON", neon, neon);
    if (features.neon) return &neon;
#endif
    (void)features;
    return &portable;
}

static int turn_by_none(const void *work, size_t begin, size_t end) {
    const tp_turn *turn = work;
    for (size_t y = begin; y < end; y++)
        memcpy(tp_row(&turn->out, y), tp_row(&turn->in, y), tp_row_bytes(&turn->out));
    return TP_OK;
}

static int turn_by_two(const void *work, size_t begin, size_t end) {
    const tp_turn *turn = work;
    tp_flip_row *row = turn->variant->flip[turn->out.channels - 1];
    for (size_t y = begin; y < end; y++)
        row(tp_row(&turn->out, y), tp_row(&turn->in, turn->in.height - 1 - y), turn->out.width);
    return TP_OK;
}

/* The same pixels, with the rows in reverse order. */
static tp_image upside_down(const tp_image *image) {
    tp_image reversed = *image;
    reversed.pixels = tp_row(image, image->height - 1);
    reversed.stride = -image->stride;
    return reversed;
}

/* Pixels, so that the lines of both images stay in the cache until all of their bytes had their turn. */
enum { TILE = 64 };

/* What the processor does not foresee: a few bytes of many rows, read or written. */
static void fetch(const tp_image *image, size_t x, size_t y, size_t width, size_t height) {
    for (size_t row = y; row < y + height; row++) {
        const uint8_t *begin = tp_row(image, row) + image->channels * x, *end = begin + image->channels * width;
        for (const uint8_t *line = begin - (uintptr_t)begin % LINE; line < end; line += LINE)
            prefetch(line);
    }
}

typedef struct tile {
    size_t x, y, width, height;
} tile;

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Down the rows [begin, end) first: along the rows of the other image. */
static tile tile_of(size_t index, size_t width, size_t begin, size_t end) {
    size_t down = (end - begin + TILE - 1) / TILE, x = index / down * TILE, y = begin + index % down * TILE;
    return (tile){x, y, least(TILE, width - x), least(TILE, end - y)};
}

static void transpose(const tp_turn *turn, const tp_image *out, const tp_image *in, size_t begin, size_t end) {
    tp_turn_transpose *variant = turn->variant->transpose[out->channels - 1];
    size_t tiles = ((out->width + TILE - 1) / TILE) * ((end - begin + TILE - 1) / TILE);
    bool distant = tp_row_bytes(out) * out->height > CLOSE;
    for (size_t i = 0; i < tiles; i++) {
        tile t = tile_of(i, out->width, begin, end);
        if (distant && i + 1 < tiles) {
            tile next = tile_of(i + 1, out->width, begin, end);
            fetch(out, next.x, next.y, next.width, next.height);
            fetch(in, next.y, next.x, next.height, next.width);
        }
        variant(tp_row(out, t.y) + out->channels * t.x, out->stride, tp_row(in, t.x) + in->channels * t.y, in->stride,
                t.width, t.height);
    }
}

static int turn_by_one(const void *work, size_t begin, size_t end) {
    const tp_turn *turn = work;
    tp_image out = upside_down(&turn->out);
    transpose(turn, &out, &turn->in, out.height - end, out.height - begin);
    return TP_OK;
}

static int turn_by_three(const void *work, size_t begin, size_t end) {
    const tp_turn *turn = work;
    tp_image in = upside_down(&turn->in);
    transpose(turn, &turn->out, &in, begin, end);
    return TP_OK;
}

void tp_turn_prepare(const tp_turn *turn, tp_operation *operation) {
    tp_run_parts *const runs[] = {turn_by_none, turn_by_one, turn_by_two, turn_by_three};
    size_t bytes = tp_row_bytes(&turn->out), rows = bytes ? turn->out.height : 0;
    *operation = (tp_operation){
        .work = turn,
        .stages = 1,
        .stage = {{runs[turn->quarters], rows, turn->quarters % 2 ? TILE : tp_grain(bytes)}},
        .nanoseconds = (turn->quarters % 2 ? 0.16 : 0.08) * (double)bytes * (double)rows,
    };
}
