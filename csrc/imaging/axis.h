/* The weights of one direction of a resize: which pixels of the input each of the result is the sum of. */
#ifndef TP_AXIS_H
#define TP_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum tp_filter { TP_NEAREST, TP_BOX, TP_BILINEAR, TP_HAMMING, TP_BICUBIC, TP_LANCZOS } tp_filter;

/* Weights are integers, this many times what they are. */
enum { TP_WEIGHT_BITS = 22 };

struct tp_resize_variant;

/* As many outputs as a variant has lanes, which it makes at once. */
typedef struct tp_block {
    size_t vectors; /* where its own begin: a shuffle of bytes, and the weights of each step */
    uint32_t steps; /* loads of its taps */
    bool together;  /* the lanes are loaded at once, from the first one's offset */
} tp_block;

/* The weights of an axis for one variant and images of some channels: see resize_table.c. */
typedef struct tp_table {
    unsigned channels;
    size_t least;  /* pixels that a row must have to be read: what is shorter is to have zeros behind it */
    size_t blocks; /* how many */
    tp_block *block;
    size_t *offsets; /* of each output, in bytes: where its taps begin in the row */
    uint8_t *vectors;
    size_t bytes; /* of all three */
} tp_table;

/* Immutable once made, so it may be used by any threads and calls at once. */
typedef struct tp_axis {
    size_t in, out;
    tp_filter filter;
    bool same;   /* the result is the input, and no pass is needed */
    bool halves; /* the result's pixels are means of two */
    size_t most; /* taps of an output; they begin at `weights` each so far behind those of the one before */
    /* Of each output its first tap, which is the pixel itself with TP_NEAREST, -1 for none; and how many, 1 at least.
     * Neither taps' begin nor their end ever goes back. */
    int32_t *first, *taps, *weights;
    tp_table table;
} tp_axis;

/* `begin`, `end`: the box in pixels of the input, 0 <= begin < end <= in. An axis across is for one variant and images
 * of so many channels; one down is for all, with 0 channels. NULL: no memory, or not such a box, or sizes that are 0 or
 * over TP_MOST_PIXELS. */
tp_axis *tp_axis_new(size_t in, float begin, float end, size_t out, tp_filter filter,
                     const struct tp_resize_variant *variant, unsigned channels);
void tp_axis_free(tp_axis *axis);
size_t tp_axis_bytes(const tp_axis *axis); /* that it holds */

#endif
