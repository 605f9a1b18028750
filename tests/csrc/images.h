/* Images for tests: random ones, between pages that may not be touched, and what runs operations piece by piece. The
 * file that includes this defines _GNU_SOURCE first, for MAP_ANONYMOUS. */
#ifndef IMAGES_H
#define IMAGES_H

#include "check.h"
#include "imaging/image.h"
#include "imaging/operation.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint32_t random_state = 1;

/* Below `bound`. */
static inline size_t random_below(size_t bound) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % bound;
}

/* Rows from a page that may not be touched on, or up to one, with bytes between them that are to stay. */
typedef struct framed {
    uint8_t *pages;
    size_t page, room; /* between the two pages */
    tp_image image;
} framed;

enum { UNTOUCHED = 0xa7 };

static inline framed frame_of_rows(size_t row_bytes, size_t height, size_t alignment) {
    framed frame = {.page = (size_t)sysconf(_SC_PAGESIZE)};
    size_t stride = row_bytes + random_below(2) * random_below(70) * alignment,
           used = height ? stride * (height - 1) + row_bytes : 0;
    frame.room = (used + frame.page) / frame.page * frame.page;
    frame.pages = mmap(NULL, frame.room + 2 * frame.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(frame.pages != MAP_FAILED);
    uint8_t *start = frame.pages + frame.page, *end = start + frame.room;
    CHECK(mprotect(frame.pages, frame.page, PROT_NONE) == 0 && mprotect(end, frame.page, PROT_NONE) == 0);
    memset(start, UNTOUCHED, frame.room);
    uint8_t *first = random_below(2) ? start : end - used;
    bool upside_down = height && random_below(2);
    frame.image.pixels = upside_down ? first + stride * (height - 1) : first;
    frame.image.stride = upside_down ? -(ptrdiff_t)stride : (ptrdiff_t)stride;
    return frame;
}

static inline framed frame_of(size_t width, size_t height, unsigned channels) {
    framed frame = frame_of_rows(width * channels, height, 1);
    frame.image.width = width, frame.image.height = height, frame.image.channels = channels;
    return frame;
}

static inline framed random_image(size_t width, size_t height, unsigned channels) {
    framed frame = frame_of(width, height, channels);
    for (size_t y = 0; y < height; y++)
        for (size_t i = 0; i < tp_row_bytes(&frame.image); i++)
            tp_row(&frame.image, y)[i] = (uint8_t)random_below(256);
    return frame;
}

/* Checks that nothing but the rows was written. */
static inline void discard(framed *frame, size_t row_bytes, size_t height) {
    for (size_t y = 0; y < height; y++)
        memset(tp_row(&frame->image, y), UNTOUCHED, row_bytes);
    for (size_t i = 0; i < frame->room; i++)
        CHECK(frame->pages[frame->page + i] == UNTOUCHED);
    CHECK(munmap(frame->pages, frame->room + 2 * frame->page) == 0);
}

static inline void discard_image(framed *frame) { discard(frame, tp_row_bytes(&frame->image), frame->image.height); }

static inline const uint8_t *pixel(const tp_image *image, size_t x, size_t y) {
    return tp_row(image, y) + image->channels * x;
}

static inline bool same_pixels(const tp_image *a, const tp_image *b) {
    CHECK(a->width == b->width && a->height == b->height && a->channels == b->channels);
    for (size_t y = 0; y < a->height; y++)
        if (memcmp(tp_row(a, y), tp_row(b, y), tp_row_bytes(a)) != 0) return false;
    return true;
}

/* Around the widths of vectors, and of blocks of them. */
static inline size_t random_side(void) {
    if (random_below(4) == 0) return random_below(300);
    size_t side = ((size_t)4 << random_below(6)) + random_below(5);
    return side - random_below(3);
}

/* Pieces from the last to the first, of any size. */
static inline void run_in_pieces(const tp_operation *operation) {
    for (unsigned i = 0; i < operation->stages; i++) {
        const tp_stage *stage = &operation->stage[i];
        CHECK(stage->grain >= 1);
        size_t most = 1 + random_below(stage->parts + 1);
        for (size_t end = stage->parts; end > 0;) {
            size_t piece = 1 + random_below(most), begin = end > piece ? end - piece : 0;
            CHECK(stage->run(operation->work, begin, end) == TP_OK);
            end = begin;
        }
    }
}

typedef struct half_of_pieces {
    const tp_operation *operation;
    const tp_stage *stage;
    size_t first, size;
} half_of_pieces;

static inline void *run_every_other(void *argument) {
    const half_of_pieces *half = argument;
    for (size_t begin = half->first; begin < half->stage->parts; begin += 2 * half->size) {
        size_t end = half->stage->parts - begin > half->size ? begin + half->size : half->stage->parts;
        CHECK(half->stage->run(half->operation->work, begin, end) == TP_OK);
    }
    return NULL;
}

/* Every other piece in another thread: ThreadSanitizer sees what both write. */
static inline void run_in_two_threads(const tp_operation *operation) {
    for (unsigned i = 0; i < operation->stages; i++) {
        const tp_stage *stage = &operation->stage[i];
        size_t size = 1 + random_below(stage->parts / 2 + 1);
        half_of_pieces even = {operation, stage, 0, size}, odd = {operation, stage, size, size};
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, run_every_other, &odd) == 0);
        run_every_other(&even);
        CHECK(pthread_join(thread, NULL) == 0);
    }
}

static inline void run_somehow(const tp_operation *operation) {
    size_t how = THREADS_ONLY ? 0 : random_below(8);
    if (how == 0)
        run_in_two_threads(operation);
    else if (how == 1)
        CHECK(tp_operation_run(operation) == TP_OK);
    else
        run_in_pieces(operation);
}

/* Of an operation with one stage whose parts are rows of `out`, and that was run: some of them are just those rows. */
static inline void check_parts_are_rows(const tp_operation *operation, const tp_image *out) {
    const tp_stage *stage = operation->stage;
    size_t bytes = tp_row_bytes(out);
    if (stage->parts == 0) return;
    CHECK(operation->stages == 1 && stage->parts == out->height);
    uint8_t *expected = malloc(bytes * out->height), *untouched = malloc(bytes);
    CHECK(expected && untouched);
    memset(untouched, UNTOUCHED, bytes);
    for (size_t y = 0; y < out->height; y++) {
        memcpy(expected + bytes * y, tp_row(out, y), bytes);
        memset(tp_row(out, y), UNTOUCHED, bytes);
    }
    size_t begin = random_below(out->height), end = begin + 1 + random_below(out->height - begin);
    CHECK(stage->run(operation->work, begin, end) == TP_OK);
    for (size_t y = 0; y < out->height; y++) {
        CHECK(memcmp(tp_row(out, y), begin <= y && y < end ? expected + bytes * y : untouched, bytes) == 0);
        memcpy(tp_row(out, y), expected + bytes * y, bytes);
    }
    free(expected), free(untouched);
}

#endif
