/* What the variants of resizing share.
 *
 * Four rows at a time are resized across, and come to lie as the pass down can best use them: as a quad, in which the
 * bytes of four rows that lie one below the other follow each other. */
#ifndef TP_RESIZE_VARIANTS_H
#define TP_RESIZE_VARIANTS_H

#include "imaging/resize.h"

/* How a weight is split into numbers that the CPU multiplies bytes by. */
typedef enum tp_digits {
    TP_WHOLE, /* not at all */
    TP_BYTES, /* into three bytes, each for four taps in turn: all have a sign, so no weight may reach 127 << 16 */
    TP_WORDS, /* into two words, the high ones of taps 0 and 2, of 1 and 3, then the low ones */
} tp_digits;

enum {
    TP_QUAD = 4,
    TP_LANE = 16, /* bytes of a row that are loaded for one output at once */
    TP_MOST_LANES = 4,
    TP_MOST_VECTOR = TP_MOST_LANES * TP_LANE,
    TP_MOST_PLANES = 4,       /* 32-bit words that four weights are split into */
    TP_SLACK = TP_MOST_VECTOR /* that may be written behind a quad */
};

struct tp_resize_variant {
    const char *name;
    tp_digits digits;
    unsigned lanes;     /* in a vector; 0: there are no vectors, and no tables */
    bool permutes;      /* the bytes of a vector can be put anywhere in it, not only in their lane */
    double nanoseconds; /* for a byte times a weight, about */
    /* Four rows into a quad, by the axis's table or, in the portable variant, its weights. */
    void (*across)(const tp_axis *axis, unsigned channels, const uint8_t *const rows[TP_QUAD], uint8_t *quad);
    /* Four rows of at least TP_LANE bytes into a quad, as they are. */
    void (*interleave)(const uint8_t *const rows[TP_QUAD], size_t bytes, uint8_t *quad);
    /* The sum of quads, by weights as tp_split makes them, each word repeated all over a vector; at least
     * TP_MOST_VECTOR bytes. */
    void (*down)(const uint8_t *const *quads, size_t count, const void *weights, size_t bytes, uint8_t *row);
    /* Rows of 2 or 4 channels: the colours times alpha, and back. The second works in place. */
    void (*premultiply)(const uint8_t *row, size_t width, unsigned channels, uint8_t *to);
    void (*divide)(uint8_t *row, size_t width, unsigned channels);
    /* Two rows, by the box filter at half their size, into one of `width` pixels. */
    void (*halve)(const uint8_t *upper, const uint8_t *lower, size_t width, unsigned channels, uint8_t *row);
};

extern const tp_resize_variant tp_resize_portable, tp_resize_sse41, tp_resize_avx2, tp_resize_avx512, tp_resize_neon;

/* Of the portable variant: others leave a few pixels to them. */
void tp_premultiply(const uint8_t *row, size_t width, unsigned channels, uint8_t *to);
void tp_divide(uint8_t *row, size_t width, unsigned channels);
void tp_halve(const uint8_t *upper, const uint8_t *lower, size_t width, unsigned channels, uint8_t *row);

static inline unsigned tp_planes(tp_digits digits) { return digits == TP_BYTES ? 3 : 4; }

static inline size_t tp_vector_bytes(const tp_resize_variant *variant) {
    return variant->lanes ? variant->lanes * TP_LANE : sizeof(int32_t);
}

/* Four weights as words, each of which goes with one vector of taps. */
void tp_split(tp_digits digits, const int32_t weights[4], uint32_t words[TP_MOST_PLANES]);

/* Nothing for 0 channels; false: no memory. */
bool tp_table_make(tp_axis *axis, const tp_resize_variant *variant, unsigned channels);
void tp_table_free(tp_table *table);

/* Taps of an output in a lane: each channel has groups of four. */
static inline unsigned tp_lane_taps(unsigned channels) { return channels == 1 ? 16 : channels == 2 ? 8 : 4; }

tp_run_parts tp_resize_nearest;

#endif
