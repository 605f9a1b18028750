/* The weights of an axis across, as vectors of a variant want them.
 *
 * Each lane of a vector is an output, and loads as many of its taps as TP_LANE bytes of the row hold: four, with one or
 * two channels 16 or 8. A shuffle sorts them by channel, and so by four into words, which go with weights. */
#include "imaging/resize_variants.h"

#include <stdlib.h>
#include <string.h>

void tp_split(tp_digits digits, const int32_t weights[4], uint32_t words[TP_MOST_PLANES]) {
    memset(words, 0, TP_MOST_PLANES * sizeof *words);
    for (int tap = 0; tap < 4; tap++) {
        int32_t weight = weights[tap];
        if (digits == TP_WHOLE) {
            words[tap] = (uint32_t)weight;
        } else if (digits == TP_WORDS) {
            int32_t low = (int16_t)(uint16_t)weight, high = (weight - low) / 65536;
            words[tap % 2] |= (uint32_t)(uint16_t)high << (tap / 2 * 16);
            words[2 + tap % 2] |= (uint32_t)(uint16_t)low << (tap / 2 * 16);
        } else {
            for (int plane = 0; plane < 3; plane++) {
                int32_t low = (int8_t)(uint8_t)weight;
                words[plane] |= (uint32_t)(uint8_t)low << (tap * 8);
                weight = (weight - low) / 256;
            }
        }
    }
}

/* An output's taps as they are loaded. */
typedef struct lane {
    size_t offset;    /* in the row, in bytes */
    unsigned skipped; /* bytes, before those of the first tap */
    size_t zeros;     /* taps of no weight before the output's own */
} lane;

static size_t row_bytes(const tp_axis *axis) {
    size_t least = axis->table.least;
    return (axis->in > least ? axis->in : least) * axis->table.channels;
}

/* What is loaded ends with the row at the latest. */
static lane place(const tp_axis *axis, size_t x, size_t steps) {
    unsigned channels = axis->table.channels;
    size_t pixels = row_bytes(axis) / channels;
    size_t taps = steps * tp_lane_taps(channels), begin = (size_t)axis->first[x];
    lane lane = {0};
    if (begin > pixels - taps) {
        lane.zeros = begin - (pixels - taps);
        begin = pixels - taps;
    }
    lane.offset = begin * channels;
    if (channels == 3) { /* four pixels are not all of the bytes */
        size_t end = (begin + taps) * channels + TP_LANE - 12;
        lane.skipped = end > pixels * channels ? (unsigned)(end - pixels * channels) : 0;
        lane.offset -= lane.skipped;
    }
    return lane;
}

static void sort_channels(unsigned channels, unsigned skipped, uint8_t shuffle[TP_LANE]) {
    unsigned taps = tp_lane_taps(channels);
    for (unsigned i = 0; i < TP_LANE; i++) {
        unsigned channel = i / taps, tap = i % taps;
        shuffle[i] = (uint8_t)(channel < channels ? tap * channels + channel + skipped : 0x80); /* 0x80: zero */
    }
}

/* Four weights of an output, from one of its taps on, which may lie before the first and behind the last. */
static void four_weights(const tp_axis *axis, size_t x, ptrdiff_t tap, int32_t weights[4]) {
    for (int i = 0; i < 4; i++, tap++)
        weights[i] = tap >= 0 && tap < axis->taps[x] ? axis->weights[x * axis->most + (size_t)tap] : 0;
}

/* Where all lanes of a block are within a vector's reach, if they are and it stays within the row in all steps. */
static bool gather(const tp_axis *axis, const tp_resize_variant *variant, const lane *lanes, size_t steps,
                   size_t *offset) {
    unsigned channels = axis->table.channels;
    size_t bytes = tp_vector_bytes(variant), row = row_bytes(axis);
    size_t reach = (steps - 1) * tp_lane_taps(channels) * channels + bytes;
    if (!variant->permutes || reach > row) return false;
    *offset = lanes[0].offset < row - reach ? lanes[0].offset : row - reach;
    return lanes[variant->lanes - 1].offset + TP_LANE <= *offset + bytes;
}

static void fill_weights(const tp_axis *axis, const tp_resize_variant *variant, size_t x, const lane *lane,
                         size_t steps, uint8_t *to) {
    unsigned taps = tp_lane_taps(axis->table.channels), planes = tp_planes(variant->digits);
    for (size_t step = 0; step < steps; step++, to += planes * tp_vector_bytes(variant))
        for (unsigned word = 0; word < 4; word++) {
            int32_t weights[4];
            uint32_t words[TP_MOST_PLANES];
            size_t tap = step * taps + word * 4 % taps;
            four_weights(axis, x, (ptrdiff_t)tap - (ptrdiff_t)lane->zeros, weights);
            tp_split(variant->digits, weights, words);
            for (unsigned plane = 0; plane < planes; plane++)
                memcpy(to + plane * tp_vector_bytes(variant) + word * 4, &words[plane], 4);
        }
}

/* Writes a block's vectors; gives the bytes of them. */
static size_t fill_block(tp_axis *axis, const tp_resize_variant *variant, size_t number, uint8_t *to) {
    tp_table *table = &axis->table;
    tp_block *block = &table->block[number];
    size_t *offsets = table->offsets + number * variant->lanes, bytes = tp_vector_bytes(variant), x[TP_MOST_LANES];
    lane lanes[TP_MOST_LANES];
    for (unsigned l = 0; l < variant->lanes; l++) {
        x[l] = number * variant->lanes + l;
        x[l] = x[l] < axis->out ? x[l] : axis->out - 1; /* lanes too many do the last again */
        lanes[l] = place(axis, x[l], block->steps);
        offsets[l] = lanes[l].offset;
    }
    block->together = gather(axis, variant, lanes, block->steps, &offsets[0]);
    for (unsigned l = 0; l < variant->lanes; l++) {
        size_t before = block->together ? lanes[l].offset - offsets[0] : 0;
        sort_channels(table->channels, lanes[l].skipped + (unsigned)before, to + l * TP_LANE);
        fill_weights(axis, variant, x[l], &lanes[l], block->steps, to + bytes + l * TP_LANE);
    }
    return (1 + block->steps * tp_planes(variant->digits)) * bytes;
}

/* Equal blocks share their vectors: where taps lie alike every few outputs, all stay in the first cache. */
static void fill(tp_axis *axis, const tp_resize_variant *variant) {
    tp_table *table = &axis->table;
    size_t end = 0, last = 0, last_bytes = 0;
    for (size_t block = 0; block < table->blocks; block++) {
        size_t bytes = fill_block(axis, variant, block, table->vectors + end);
        bool same = bytes == last_bytes && memcmp(table->vectors + last, table->vectors + end, bytes) == 0;
        if (!same) {
            last = end;
            last_bytes = bytes;
            end += bytes;
        }
        table->block[block].vectors = last;
    }
    uint8_t *less = realloc(table->vectors, end);
    if (less) table->vectors = less;
    table->bytes += end;
}

/* The loads of each block's taps, and what a row must have for the most; gives the loads of all together. */
static size_t count_steps(tp_axis *axis, unsigned lanes) {
    tp_table *table = &axis->table;
    size_t all = 0, most = 0;
    unsigned taps = tp_lane_taps(table->channels);
    for (size_t x = 0; x < axis->out; x++) {
        size_t steps = ((size_t)axis->taps[x] + taps - 1) / taps;
        uint32_t *of_block = &table->block[x / lanes].steps;
        if (x % lanes == 0 || steps > *of_block) *of_block = (uint32_t)steps;
        if (x % lanes == lanes - 1 || x == axis->out - 1) all += *of_block;
        if (steps > most) most = steps;
    }
    table->least = most * taps + (table->channels == 3 ? 2 : 0);
    return all;
}

bool tp_table_make(tp_axis *axis, const tp_resize_variant *variant, unsigned channels) {
    tp_table *table = &axis->table;
    if (!channels || !variant->lanes || axis->filter == TP_NEAREST) return true;
    table->channels = channels;
    table->blocks = (axis->out + variant->lanes - 1) / variant->lanes;
    table->offsets = malloc(table->blocks * variant->lanes * sizeof *table->offsets);
    table->block = malloc(table->blocks * sizeof *table->block);
    if (!table->offsets || !table->block) return false;
    table->bytes = table->blocks * (variant->lanes * sizeof *table->offsets + sizeof *table->block);
    size_t vectors = count_steps(axis, variant->lanes) * tp_planes(variant->digits) + table->blocks;
    if (vectors > SIZE_MAX / tp_vector_bytes(variant)) return false;
    table->vectors = malloc(vectors * tp_vector_bytes(variant));
    if (!table->vectors) return false;
    fill(axis, variant);
    return true;
}

void tp_table_free(tp_table *table) {
    free(table->offsets);
    free(table->block);
    free(table->vectors);
}
