/* Columns become rows, in vectors of 16 bytes: 16 pixels wide of one channel, 8 of two or three, 4 of four. Included by
 * a file for each instruction set, which defines TARGET, NAME(channels), vector, load(address), store(address, v),
 * store_half(address, v) for the lower 8 bytes, shuffle(v, order), join(v, w) of bits, skip(v, bytes) towards the lower
 * end, and low8(v, w), high8 and so on to 32, which interleave the elements of the lower or upper halves. */

#define NARROWER(channels) tp_turn_##channels##_portable
#define WIDTH(channels) (channels == 1 ? 16 : channels == 4 ? 4 : 8)
#define HEIGHT WIDTH
#define load_rows(in, in_stride, i, count) load(in + i * in_stride)

#include "imaging/turn_tiles.h"

BLOCK(1, 16, low8, high8)
BLOCK(2, 8, low16, high16)
BLOCK(4, 4, low32, high32)

/* Four columns of four rows, as 12 bytes each. */
TARGET static inline void columns(vector rows[4], const uint8_t *in, ptrdiff_t in_stride, const uint8_t *spread) {
    static const uint8_t order[16] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0xff, 0xff, 0xff, 0xff};
    for (int i = 0; i < 4; i++)
        rows[i] = shuffle(load(in + i * in_stride), load(spread));
    INTERLEAVE(rows, 4, low32, high32)
    for (int i = 0; i < 4; i++)
        rows[i] = shuffle(rows[i], load(order));
}

/* Three bytes as four. The right half of a row is loaded with four bytes of the left one before it. */
TARGET static inline void block_3(uint8_t *out, ptrdiff_t out_stride, const uint8_t *in, ptrdiff_t in_stride) {
    static const uint8_t left[16] = {0, 1, 2, 0xff, 3, 4, 5, 0xff, 6, 7, 8, 0xff, 9, 10, 11, 0xff};
    static const uint8_t right[16] = {4, 5, 6, 0xff, 7, 8, 9, 0xff, 10, 11, 12, 0xff, 13, 14, 15, 0xff};
    static const uint8_t to_end[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0,    1,    2,    3};
    for (int half = 0; half < 2; half++, out += 4 * out_stride) {
        vector upper[4], lower[4];
        columns(upper, in + 8 * half, in_stride, half ? right : left);
        columns(lower, in + 8 * half + 4 * in_stride, in_stride, half ? right : left);
        for (int i = 0; i < 4; i++) {
            store(out + i * out_stride, join(upper[i], shuffle(lower[i], load(to_end))));
            store_half(out + i * out_stride + 16, skip(lower[i], 4));
        }
    }
}

TRANSPOSE(1)
TRANSPOSE(2)
TRANSPOSE(3)
TRANSPOSE(4)
