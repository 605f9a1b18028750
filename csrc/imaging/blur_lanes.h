/* The blurs over as many lines at once as a vector has bytes, each vector a byte of every line. Columns are such lines
 * as they are; rows are turned into columns and back. Included by a file for each instruction set, behind its vectors.
 */

#include "imaging/blur.h"

#include <stdlib.h>
#include <string.h>

/* BLOCK bytes of a row are turned at once, in pieces of as many as there are in 128 bits. They are more than a cache
 * line, and the next are asked for ahead: no CPU follows so many rows by itself, nor a column from page to page. */
enum { BLOCK = 256, PIECE = 16, GROUPS = TP_BLUR_COLUMNS / LANES, ROWS_AHEAD = 16 };

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static inline void prefetch_bytes(const uint8_t *from, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64)
        prefetch(from + i);
}

/* A vector is overwritten when no window will reach it any more, by the result of the vector so many ahead. */
static inline size_t lag_of(const tp_box *box, size_t count) { return smaller(box->radius + 1, count); }

/* The sum of the window before the first pixel, weighed, and a half. */
TARGET static inline sums first_sums(const uint8_t *line, ptrdiff_t step, size_t count, const tp_box *box) {
    size_t inside = smaller(box->radius, count);
    words first = widen(load(line)), last = widen(load(line + (ptrdiff_t)(count - 1) * step));
    words end = inside < count ? widen(load(line + (ptrdiff_t)inside * step)) : last;
    sums sum = all_sums(TP_BOX_HALF);
    weights inner = weights_of((int32_t)box->inner, 0), outer = weights_of((int32_t)box->outer, (int32_t)box->outer);
    weights beyond = weights_of((int32_t)((uint32_t)(box->radius + 1) * box->inner),
                                (int32_t)((uint32_t)(box->radius - inside) * box->inner));
    accumulate(&sum, first, last, &beyond);
    accumulate(&sum, first, end, &outer);
    for (size_t i = 0; i < inside; i++)
        accumulate(&sum, widen(load(line + (ptrdiff_t)i * step)), first, &inner);
    return sum;
}

/* From a window to the next a pixel of each weight enters at one end and leaves at the other. What was of the outer
 * weight is of the inner now, or the other way round: hence the difference. */
TARGET static void blur_line(uint8_t *line, ptrdiff_t step, size_t count, const tp_box *box) {
    const weights w = weights_of((int32_t)box->outer, (int32_t)(box->inner - box->outer));
    size_t radius = box->radius, last = count - 1;
    const uint8_t *left = line, *right = line + (ptrdiff_t)smaller(radius, last) * step;
    uint8_t *to = line - (ptrdiff_t)lag_of(box, count) * step;
    sums sum = first_sums(line, step, count, box);
    words leaving = widen(load(left)), entered = widen(load(right));
    for (size_t i = 0; i < count; i++, to += step) {
        right += radius < last - i ? step : 0;
        left += i > radius + 1 ? step : 0;
        words entering = widen(load(right)), left_next = widen(load(left));
        accumulate(&sum, subtract(entering, leaving), subtract(entered, left_next), &w);
        store(to, narrow(&sum));
        leaving = left_next;
        entered = entering;
    }
}

/* The same with a box of whole pixels, each of which counts as one. */
TARGET static void blur_whole_line(uint8_t *line, ptrdiff_t step, size_t count, const tp_box *box) {
    size_t radius = box->radius, last = count - 1;
    const uint8_t *left = line, *right = line;
    uint8_t *to = line - (ptrdiff_t)lag_of(box, count) * step;
    words sum = all_counts((int16_t)box->radius);
    vector none = zero();
    for (size_t i = 0; i <= radius; i++)
        sum = count_in(sum, load(line), none);
    for (size_t i = 0; i < radius; i++) {
        sum = count_in(sum, load(right), none);
        right += i < last ? step : 0;
    }
    for (size_t i = 0; i < count; i++, to += step) {
        sum = count_in(sum, load(right), load(left));
        store(to, divide(sum, box));
        right += radius < last - i ? step : 0;
        left += i > radius ? step : 0;
    }
}

/* Each pass goes back over what the last has left, so that one gap of the lag is enough: it is below the line for an
 * odd pass, and above it for an even one. */
TARGET static void blur_passes(uint8_t *line, ptrdiff_t step, size_t count, const tp_box *box, unsigned passes) {
    for (; passes; passes--) {
        (box->reciprocal ? blur_whole_line : blur_line)(line, step, count, box);
        line += (ptrdiff_t)(count - 1 - lag_of(box, count)) * step;
        step = -step;
    }
}

/* Room for lines with their gap, and for the last piece to be whole. */
static uint8_t *new_scratch(size_t count, size_t lines, void **block) {
    size_t vectors = SIZE_MAX / LANES / lines - PIECE - 1;
    *block = count <= vectors ? malloc((count * lines + PIECE + 1) * LANES) : NULL;
    return *block ? (uint8_t *)(((uintptr_t)*block + LANES - 1) / LANES * LANES) : NULL;
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

/* The rows from y on become vectors, and the other way round. */
TARGET static void rows_to_vectors(const tp_image *image, size_t y, size_t rows, uint8_t *vectors) {
    uint8_t block[LANES][BLOCK] = {{0}};
    for (size_t x = 0, row_bytes = tp_row_bytes(image); x < row_bytes; x += BLOCK) {
        size_t bytes = smaller(row_bytes - x, BLOCK), next_bytes = smaller(row_bytes - x - bytes, BLOCK);
        for (size_t i = 0; i < rows; i++) {
            const uint8_t *from = tp_row(image, y + i) + x;
            memcpy(block[i], from, bytes);
            prefetch_bytes(from + bytes, next_bytes);
        }
        for (size_t piece = 0; piece < bytes; piece += PIECE) {
            vector v[PIECE];
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
        size_t bytes = smaller(row_bytes - x, BLOCK), next_bytes = smaller(row_bytes - x - bytes, BLOCK);
        for (size_t piece = 0; piece < bytes; piece += PIECE) {
            vector v[PIECE];
            for (int i = 0; i < PIECE; i++)
                v[i] = load(vectors + (x + piece + (size_t)i) * LANES);
            turn(v);
            for (int i = 0; i < PIECE; i++)
                store_pieces(block[i] + piece, PIECE * BLOCK, v[i]);
        }
        for (size_t i = 0; i < rows; i++) {
            uint8_t *to = tp_row(image, y + i) + x;
            memcpy(to, block[i], bytes);
            prefetch_bytes(to + bytes, next_bytes);
        }
    }
}

/* The columns of so many bytes from x on become vectors, those of each group a line, and the other way round. */
TARGET static void columns_to_vectors(const tp_image *image, size_t x, size_t bytes, uint8_t *line, size_t line_bytes) {
    size_t whole = bytes / LANES, rest = bytes % LANES;
    for (size_t y = 0; y < image->height; y++, line += LANES) {
        const uint8_t *from = tp_row(image, y) + x;
        prefetch_bytes(tp_row(image, smaller(y + ROWS_AHEAD, image->height - 1)) + x, bytes);
        for (size_t group = 0; group < whole; group++)
            store(line + group * line_bytes, load(from + group * LANES));
        if (rest) memcpy(line + whole * line_bytes, from + whole * LANES, rest);
    }
}

TARGET static void vectors_to_columns(const uint8_t *line, size_t line_bytes, const tp_image *image, size_t x,
                                      size_t bytes) {
    size_t whole = bytes / LANES, rest = bytes % LANES;
    for (size_t y = 0; y < image->height; y++, line += LANES) {
        uint8_t *to = tp_row(image, y) + x;
        prefetch_bytes(tp_row(image, smaller(y + ROWS_AHEAD, image->height - 1)) + x, bytes);
        for (size_t group = 0; group < whole; group++)
            store(to + group * LANES, load(line + group * line_bytes));
        if (rest) memcpy(to + whole * LANES, line + whole * line_bytes, rest);
    }
}

TARGET static inline int blur_rows(const void *work, size_t begin, size_t end) {
    const tp_blur *blur = work;
    tp_box box = tp_box_of_radius(blur->x_radius);
    size_t width = blur->in.width, channels = blur->in.channels, lag = lag_of(&box, width), step = channels * LANES;
    void *block;
    uint8_t *result = new_scratch(width + lag, channels, &block);
    if (!result) return TP_NO_MEMORY;
    uint8_t *line = result + lag * step;
    if (blur->passes % 2 == 0) result = line;
    size_t last = smaller(end * TP_BLUR_ROWS, blur->in.height);
    for (size_t y = begin * TP_BLUR_ROWS; y < last; y += LANES) {
        size_t rows = smaller(last - y, LANES);
        rows_to_vectors(&blur->in, y, rows, line);
        for (size_t channel = 0; channel < channels; channel++)
            blur_passes(line + channel * LANES, (ptrdiff_t)step, width, &box, blur->passes);
        vectors_to_rows(result, &blur->out, y, rows);
    }
    free(block);
    return TP_OK;
}

TARGET static inline int blur_columns(const void *work, size_t begin, size_t end) {
    const tp_blur *blur = work;
    tp_box box = tp_box_of_radius(blur->y_radius);
    size_t height = blur->in.height, lag = lag_of(&box, height), line_bytes = (height + lag) * LANES;
    void *block;
    uint8_t *result = new_scratch(height + lag, GROUPS, &block);
    if (!result) return TP_NO_MEMORY;
    uint8_t *line = result + lag * LANES;
    if (blur->passes % 2 == 0) result = line;
    size_t last = smaller(end * TP_BLUR_COLUMNS, tp_row_bytes(&blur->in));
    for (size_t x = begin * TP_BLUR_COLUMNS; x < last; x += TP_BLUR_COLUMNS) {
        size_t bytes = smaller(last - x, TP_BLUR_COLUMNS);
        columns_to_vectors(tp_blur_of_rows(blur), x, bytes, line, line_bytes);
        for (size_t done = 0, group = 0; done < bytes; done += LANES, group++)
            blur_passes(line + group * line_bytes, LANES, height, &box, blur->passes);
        vectors_to_columns(result, line_bytes, &blur->out, x, bytes);
    }
    free(block);
    return TP_OK;
}
