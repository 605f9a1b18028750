/* The blurs over as many lines at once as a vector has bytes, each vector a byte of every line. Columns are such lines
 * as they are; rows are turned into columns and back. Included by a file for each instruction set, behind its vectors.
 */

#include "imaging/blur.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* BLOCK bytes of a row are turned at once, in pieces of as many as there are in 128 bits; of columns so many ROWS are
 * blurred at once. The next are asked for ahead: no CPU follows so many rows by itself. */
enum { BLOCK = 256, PIECE = 16, ROWS = 8 };

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static inline void prefetch_bytes(const uint8_t *from, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64)
        prefetch(from + i);
}

/* What a pass remembers of a line, in front of a ring: the sum of the last window. The ring has the last vectors that
 * were overwritten, as many as windows still reach. */
typedef union window {
    sums weighed;
    words counted;
} window;

/* Lines of vectors, side by side. The first pass reads them where they are; the others follow it as closely as their
 * windows allow, each over what the one before has left. */
typedef struct lines {
    const uint8_t *from;
    uint8_t *to;
    ptrdiff_t from_step, to_step;
    size_t count, side_by_side;
    tp_box box;
    unsigned passes;
    size_t kept;     /* vectors in a ring */
    uint8_t *memory; /* a window and its ring for each line, of each pass */
} lines;

static inline size_t window_bytes(const lines *l) { return sizeof(window) + l->kept * LANES; }

/* Room for so many vectors, and behind them for windows and rings. */
static uint8_t *new_memory(lines *l, size_t vectors, void **block) {
    size_t most = SIZE_MAX / LANES / 4, windows = l->passes * l->side_by_side;
    l->kept = smaller(l->box.radius, l->count) + 2;
    bool fits = vectors <= most && l->kept <= most && windows <= SIZE_MAX / 4 / window_bytes(l);
    *block = fits ? malloc(vectors * LANES + windows * window_bytes(l) + LANES) : NULL;
    if (!*block) return NULL;
    uint8_t *start = (uint8_t *)(((uintptr_t)*block + LANES - 1) / LANES * LANES);
    l->memory = start + vectors * LANES;
    return start;
}

/* The sum of the window before the first vector, weighed, and a half. */
TARGET static inline sums first_weighed(const uint8_t *from, ptrdiff_t step, size_t count, const tp_box *box) {
    size_t inside = smaller(box->radius, count);
    vector none = zero();
    words first = difference(load(from), none), last = difference(load(from + (ptrdiff_t)(count - 1) * step), none);
    words end = inside < count ? difference(load(from + (ptrdiff_t)inside * step), none) : last;
    sums sum = all_sums(TP_BOX_HALF);
    weights inner = weights_of((int32_t)box->inner, 0), outer = weights_of((int32_t)box->outer, (int32_t)box->outer);
    weights beyond = weights_of((int32_t)((uint32_t)(box->radius + 1) * box->inner),
                                (int32_t)((uint32_t)(box->radius - inside) * box->inner));
    accumulate(&sum, first, last, &beyond);
    accumulate(&sum, first, end, &outer);
    for (size_t i = 0; i < inside; i++)
        accumulate(&sum, difference(load(from + (ptrdiff_t)i * step), none), first, &inner);
    return sum;
}

/* The same with each vector counted once, and the half of as many. */
TARGET static inline words first_counted(const uint8_t *from, ptrdiff_t step, size_t count, const tp_box *box) {
    words sum = all_counts((int16_t)box->radius);
    for (size_t i = 0; i <= box->radius; i++)
        sum = add(sum, difference(load(from), zero()));
    for (size_t i = 0; i < box->radius; i++)
        sum = add(sum, difference(load(from + (ptrdiff_t)smaller(i, count - 1) * step), zero()));
    return sum;
}

/* From a window to the next a vector of each weight enters at one end and leaves at the other. What was of the outer
 * weight is of the inner now, or the other way round: hence the difference. */
TARGET static TP_ALWAYS_INLINE void blur_line(const lines *l, const uint8_t *from, ptrdiff_t from_step, uint8_t *to,
                                              uint8_t *memory, size_t begin, size_t end, bool counted) {
    const tp_box *box = &l->box;
    const weights w = weights_of((int32_t)box->outer, (int32_t)(box->inner - box->outer));
    window *before = (window *)(void *)memory;
    uint8_t *ring = memory + sizeof(window), *ring_end = ring + l->kept * LANES;
    size_t last = l->count - 1;
    if (!begin) {
        if (counted)
            before->counted = first_counted(from, from_step, l->count, box);
        else
            before->weighed = first_weighed(from, from_step, l->count, box);
        for (uint8_t *kept = ring; kept < ring_end; kept += LANES)
            store(kept, load(from));
    }
    window sum = *before;
    uint8_t *kept = ring + begin % l->kept * LANES;
    const uint8_t *right = from + (ptrdiff_t)smaller(begin + box->radius, last) * from_step;
    vector leaving = load(kept), entered = load(right);
    from += (ptrdiff_t)begin * from_step;
    to += (ptrdiff_t)begin * l->to_step;
    for (size_t i = begin; i < end; i++, from += from_step, to += l->to_step) {
        store(kept, load(from));
        kept = kept + LANES < ring_end ? kept + LANES : ring;
        right += box->radius < last - i ? from_step : 0;
        vector entering = load(right), left = load(kept);
        if (counted) {
            sum.counted = add(sum.counted, difference(entered, left));
            store(to, divide(sum.counted, box));
        } else {
            accumulate(&sum.weighed, difference(entering, leaving), difference(entered, left), &w);
            store(to, narrow(&sum.weighed));
        }
        leaving = left;
        entered = entering;
    }
    *before = sum;
}

/* How many vectors of a line a pass can have done when there are so many. */
static inline size_t reach(const lines *l, size_t available) {
    return available < l->count ? available - smaller(available, l->box.radius + 1) : available;
}

/* All that can be done now that there are `end` vectors of each line, and no longer `begin`. */
TARGET static void blur_lines(const lines *l, size_t begin, size_t end) {
    const uint8_t *from = l->from;
    ptrdiff_t from_step = l->from_step;
    uint8_t *memory = l->memory;
    for (unsigned pass = 0; pass < l->passes; pass++, from = l->to, from_step = l->to_step) {
        begin = reach(l, begin);
        end = reach(l, end);
        for (size_t i = 0; i < l->side_by_side && begin < end; i++) {
            if (l->box.reciprocal)
                blur_line(l, from + i * LANES, from_step, l->to + i * LANES, memory, begin, end, true);
            else
                blur_line(l, from + i * LANES, from_step, l->to + i * LANES, memory, begin, end, false);
            memory += window_bytes(l);
        }
    }
}

/* 16 vectors of each 128 bits 16 bytes: rows become columns. Of the eight bits of a byte's place, that of its vector
 * and that in it, each turn makes the highest the lowest. */
TARGET static inline void turn(vector v[PIECE]) {
    for (int bit = 0; bit < 4; bit++) {
        vector mixed[PIECE];
        for (int i = 0; i < PIECE / 2; i++) {
            mixed[2 * i] = interleave_low(v[i], v[i + PIECE / 2]);
            mixed[2 * i + 1] = interleave_high(v[i], v[i + PIECE / 2]);
        }
        for (int i = 0; i < PIECE; i++)
            v[i] = mixed[i];
    }
}

TARGET static inline void copy_bytes(uint8_t *to, const uint8_t *from, size_t bytes) {
    size_t done = 0;
    for (; bytes - done >= LANES; done += LANES)
        store(to + done, load(from + done));
    if (done < bytes) memcpy(to + done, from + done, bytes - done);
}

/* While a piece is turned, its share of the rows is asked for of the next block, from x on. */
static inline void prefetch_rows(const tp_image *image, size_t y, size_t rows, size_t x, size_t piece) {
    enum { SHARE = LANES * PIECE / BLOCK };
    size_t bytes = smaller(tp_row_bytes(image) - x, BLOCK), first = piece / PIECE * SHARE;
    for (size_t i = first; i < smaller(first + SHARE, rows); i++)
        prefetch_bytes(tp_row(image, y + i) + x, bytes);
}

/* The rows from y on become vectors, and the other way round. */
TARGET static void rows_to_vectors(const tp_image *image, size_t y, size_t rows, uint8_t *vectors) {
    uint8_t block[LANES][BLOCK] = {{0}};
    for (size_t x = 0, row_bytes = tp_row_bytes(image); x < row_bytes; x += BLOCK) {
        size_t bytes = smaller(row_bytes - x, BLOCK);
        for (size_t i = 0; i < rows; i++)
            copy_bytes(block[i], tp_row(image, y + i) + x, bytes);
        for (size_t piece = 0; piece < bytes; piece += PIECE) {
            vector v[PIECE];
            prefetch_rows(image, y, rows, x + bytes, piece);
            for (int i = 0; i < PIECE; i++)
                v[i] = load_pieces(block[i] + piece, PIECE * BLOCK);
            turn(v);
            for (int i = 0; i < PIECE; i++)
                store(vectors + (x + piece + (size_t)i) * LANES, v[i]);
        }
    }
}

TARGET static void vectors_to_rows(const uint8_t *vectors, const tp_image *image, size_t y, size_t rows) {
    uint8_t block[LANES][BLOCK];
    for (size_t x = 0, row_bytes = tp_row_bytes(image); x < row_bytes; x += BLOCK) {
        size_t bytes = smaller(row_bytes - x, BLOCK);
        for (size_t piece = 0; piece < bytes; piece += PIECE) {
            vector v[PIECE];
            prefetch_rows(image, y, rows, x + bytes, piece);
            for (int i = 0; i < PIECE; i++)
                v[i] = load(vectors + (x + piece + (size_t)i) * LANES);
            turn(v);
            for (int i = 0; i < PIECE; i++)
                store_pieces(block[i] + piece, PIECE * BLOCK, v[i]);
        }
        for (size_t i = 0; i < rows; i++)
            copy_bytes(tp_row(image, y + i) + x, block[i], bytes);
    }
}

TARGET static inline int blur_rows(const void *work, size_t begin, size_t end) {
    const tp_blur *blur = work;
    size_t channels = blur->in.channels;
    lines l = {.count = blur->in.width, .side_by_side = channels, .passes = blur->passes};
    l.box = tp_box_of_radius(blur->x_radius);
    l.from_step = l.to_step = (ptrdiff_t)(channels * LANES);
    void *block;
    uint8_t *vectors = new_memory(&l, tp_row_bytes(&blur->in) + PIECE, &block); /* the last piece is whole */
    if (!block) return TP_NO_MEMORY;
    l.from = l.to = vectors;
    size_t last = smaller(end * TP_BLUR_ROWS, blur->in.height);
    for (size_t y = begin * TP_BLUR_ROWS; y < last; y += LANES) {
        size_t rows = smaller(last - y, LANES);
        rows_to_vectors(&blur->in, y, rows, vectors);
        blur_lines(&l, 0, l.count);
        vectors_to_rows(vectors, &blur->out, y, rows);
    }
    free(block);
    return TP_OK;
}

/* The columns of less than a vector, among as many bytes as it has. */
TARGET static void blur_rest(const lines *l, uint8_t *vectors, size_t bytes) {
    lines padded = *l;
    padded.from = padded.to = vectors;
    padded.from_step = padded.to_step = LANES;
    padded.side_by_side = 1;
    for (size_t y = 0; y < l->count; y++)
        memcpy(vectors + y * LANES, l->from + (ptrdiff_t)y * l->from_step, bytes);
    blur_lines(&padded, 0, l->count);
    for (size_t y = 0; y < l->count; y++)
        memcpy(l->to + (ptrdiff_t)y * l->to_step, vectors + y * LANES, bytes);
}

TARGET static inline int blur_columns(const void *work, size_t begin, size_t end) {
    const tp_blur *blur = work;
    const tp_image *from = tp_blur_of_rows(blur), *to = &blur->out;
    size_t height = to->height, last = smaller(end * TP_BLUR_COLUMNS, tp_row_bytes(to));
    lines l = {.from_step = from->stride, .to_step = to->stride, .count = height, .passes = blur->passes};
    l.box = tp_box_of_radius(blur->y_radius);
    l.side_by_side = TP_BLUR_COLUMNS / LANES;
    void *block;
    uint8_t *vectors = new_memory(&l, last % LANES ? height : 0, &block);
    if (!block) return TP_NO_MEMORY;
    for (size_t x = begin * TP_BLUR_COLUMNS; x < last; x += TP_BLUR_COLUMNS) {
        size_t bytes = smaller(last - x, TP_BLUR_COLUMNS), whole = bytes / LANES * LANES;
        l.from = from->pixels + x;
        l.to = to->pixels + x;
        l.side_by_side = whole / LANES;
        for (size_t y = 0, next; y < height && whole; y = next) {
            next = y + smaller(height - y, ROWS);
            for (size_t ahead = next; ahead < smaller(height, next + ROWS); ahead++)
                prefetch_bytes(tp_row(from, ahead) + x, whole);
            blur_lines(&l, y, next);
        }
        l.from += whole;
        l.to += whole;
        if (whole < bytes) blur_rest(&l, vectors, bytes - whole);
    }
    free(block);
    return TP_OK;
}
