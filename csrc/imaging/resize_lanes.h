/* The passes of a resize in vectors. A file for one instruction set defines, before it includes this one:
 *
 *   LANES, vector, TARGET: of TP_LANE bytes, their type, and what the compiler is told of a function
 *   DIGITS: how weights are split
 *   load(address), store(address, x)
 *   load_lanes(row, offsets): a lane from each offset
 *   store_lanes(address, x, step): of each lane the first `step` bytes, one behind the other; the last may be
 *     written with up to 8 bytes, or 16 for more than 8
 *   everywhere(address): a lane in all
 *   shuffle(x, control): bytes within each lane, 0 for 0x80; permute(x, control): of all of the vector, where it
 *     PERMUTES
 *   sums, begin_sums(first), add_products(&sums, x, weights), total(sums): of 32-bit words the sums over steps of four
 *     bytes times the weights that tp_split made of four; `first` is added
 *   word(number): in every word
 *   pairs(x, y): in each lane the sums of two neighbours of x, then those of y
 *   descale(x): words without their TP_WEIGHT_BITS
 *   pack(a, b, c, d): in each lane the words of each as bytes, 0 to 255
 *   in_order(x): words of such a pack, those of `a` first */
#include "imaging/resize_variants.h"

static const uint8_t by_row[3][TP_LANE] = {
    {0, 1, 2, 3},                                           /* one channel: words are sums of the four rows */
    {0, 2, 4, 6, 1, 3, 5, 7},                               /* two: of each row both */
    {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}, /* more */
};

/* The words of a lane are sums of an output's channels, in groups of taps. */
TARGET static TP_ALWAYS_INLINE void put_quad(vector t[TP_QUAD], unsigned channels, uint8_t *quad) {
    vector packed;
    if (channels > 2) {
        packed = pack(descale(t[0]), descale(t[1]), descale(t[2]), descale(t[3]));
    } else {
        vector first = pairs(t[0], t[1]), second = pairs(t[2], t[3]);
        if (channels == 1) first = second = pairs(first, second);
        packed = pack(descale(first), descale(second), descale(first), descale(second));
    }
    if (channels > 1) packed = shuffle(packed, everywhere(by_row[channels == 2 ? 1 : 2]));
    store_lanes(quad, packed, TP_QUAD * channels);
}

/* The sums of a block in four rows. */
TARGET static TP_ALWAYS_INLINE void sum_block(const tp_block *block, unsigned channels, bool together,
                                              const uint8_t *vectors, const size_t *offsets,
                                              const uint8_t *const rows[TP_QUAD], vector t[TP_QUAD]) {
    const size_t step = tp_lane_taps(channels) * channels;
    /* One half in as many parts as an output has groups, which will be summed up. */
    const vector half = word(1 << (TP_WEIGHT_BITS - (channels == 1 ? 3 : channels == 2 ? 2 : 1)));
    vector control = load(vectors);
    sums s[TP_QUAD];
    for (int row = 0; row < TP_QUAD; row++)
        s[row] = begin_sums(half);
    vectors += sizeof(vector);
    for (size_t i = 0; i < block->steps * step; i += step, vectors += PLANES * sizeof(vector))
        for (int row = 0; row < TP_QUAD; row++) {
            vector taps;
            if (together) {
                taps = permute(load(rows[row] + offsets[0] + i), control);
            } else {
                taps = load_lanes(rows[row] + i, offsets);
                if (channels > 1) taps = shuffle(taps, control);
            }
            add_products(&s[row], taps, vectors);
        }
    for (int row = 0; row < TP_QUAD; row++)
        t[row] = total(&s[row]);
}

TARGET static TP_ALWAYS_INLINE void across_channels(const tp_axis *axis, unsigned channels,
                                                    const uint8_t *const rows[TP_QUAD], uint8_t *quad) {
    const tp_table *table = &axis->table;
    const size_t *offsets = table->offsets;
    const uint8_t *const at[TP_QUAD] = {rows[0], rows[1], rows[2], rows[3]};
    for (const tp_block *block = table->block; block < table->block + table->blocks; block++) {
        vector t[TP_QUAD];
        if (PERMUTES && block->together)
            sum_block(block, channels, true, table->vectors + block->vectors, offsets, at, t);
        else
            sum_block(block, channels, false, table->vectors + block->vectors, offsets, at, t);
        put_quad(t, channels, quad);
        quad += LANES * TP_QUAD * channels;
        offsets += LANES;
    }
}

TARGET static void across(const tp_axis *axis, unsigned channels, const uint8_t *const rows[TP_QUAD], uint8_t *quad) {
    if (channels == 1) across_channels(axis, 1, rows, quad);
    if (channels == 2) across_channels(axis, 2, rows, quad);
    if (channels == 3) across_channels(axis, 3, rows, quad);
    if (channels == 4) across_channels(axis, 4, rows, quad);
}

TARGET static void down(const uint8_t *const *quads, size_t count, const void *weights, size_t bytes, uint8_t *row) {
    const vector half = word(1 << (TP_WEIGHT_BITS - 1));
    for (size_t i = 0; i < bytes; i += sizeof(vector)) {
        if (bytes - i < sizeof(vector)) i = bytes - sizeof(vector); /* some of them a second time */
        sums s[4];
        for (int part = 0; part < 4; part++)
            s[part] = begin_sums(half);
        const uint8_t *of_quad = weights;
        for (size_t quad = 0; quad < count; quad++, of_quad += PLANES * sizeof(vector))
            for (int part = 0; part < 4; part++)
                add_products(&s[part], load(quads[quad] + TP_QUAD * i + part * sizeof(vector)), of_quad);
        vector t[4];
        for (int part = 0; part < 4; part++)
            t[part] = descale(total(&s[part]));
        store(row + i, in_order(pack(t[0], t[1], t[2], t[3])));
    }
}

#define VARIANT(name, nanoseconds)                                                                                     \
    {name, DIGITS, LANES, PERMUTES, nanoseconds, across, interleave, down, premultiply, divide, halve}
