/* Resizing, a number at a time. */
#include "imaging/resize_variants.h"

#include <string.h>

static const uint32_t half = 1u << (TP_WEIGHT_BITS - 1);

static uint8_t to_byte(uint32_t sum) {
    int32_t value = (int32_t)sum >> TP_WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void across(const tp_axis *axis, unsigned channels, const uint8_t *const rows[TP_QUAD], uint8_t *quad) {
    for (size_t x = 0; x < axis->out; x++) {
        const int32_t *weights = axis->weights + x * axis->most;
        for (unsigned channel = 0; channel < channels; channel++)
            for (int row = 0; row < TP_QUAD; row++) {
                const uint8_t *pixels = rows[row] + (size_t)axis->first[x] * channels + channel;
                uint32_t sum = half;
                for (int32_t tap = 0; tap < axis->taps[x]; tap++)
                    sum += (uint32_t)weights[tap] * pixels[(size_t)tap * channels];
                *quad++ = to_byte(sum);
            }
    }
}

static void interleave(const uint8_t *const rows[TP_QUAD], size_t bytes, uint8_t *quad) {
    for (size_t i = 0; i < bytes; i++)
        for (int row = 0; row < TP_QUAD; row++)
            *quad++ = rows[row][i];
}

static void down(const uint8_t *const *quads, size_t count, const void *table, size_t bytes, uint8_t *to) {
    const int32_t *weights = table;
    for (size_t i = 0; i < bytes; i++) {
        uint32_t sum = half;
        for (size_t quad = 0; quad < count; quad++)
            for (int row = 0; row < TP_QUAD; row++)
                sum += (uint32_t)weights[TP_QUAD * quad + row] * quads[quad][TP_QUAD * i + row];
        to[i] = to_byte(sum);
    }
}

static uint8_t times(unsigned colour, unsigned alpha) {
    unsigned product = colour * alpha + 128;
    return (uint8_t)((product + (product >> 8)) >> 8);
}

void tp_premultiply(const uint8_t *row, size_t width, unsigned channels, uint8_t *to) {
    for (size_t i = 0; i < width * channels; i += channels) {
        unsigned alpha = to[i + channels - 1] = row[i + channels - 1];
        for (unsigned channel = 0; channel < channels - 1; channel++)
            to[i + channel] = times(row[i + channel], alpha);
    }
}

static uint8_t quotient(unsigned colour, unsigned alpha) {
    if (alpha == 0 || alpha == 255) return (uint8_t)colour;
    unsigned exact = 255 * colour / alpha;
    return (uint8_t)(exact > 255 ? 255 : exact);
}

void tp_divide(uint8_t *row, size_t width, unsigned channels) {
    for (size_t i = 0; i < width * channels; i += channels)
        for (unsigned channel = 0; channel < channels - 1; channel++)
            row[i + channel] = quotient(row[i + channel], row[i + channels - 1]);
}

void tp_halve(const uint8_t *upper, const uint8_t *lower, size_t width, unsigned channels, uint8_t *row) {
    for (size_t x = 0; x < width; x++, upper += channels, lower += channels)
        for (unsigned channel = 0; channel < channels; channel++, upper++, lower++) {
            unsigned above = (upper[0] + upper[channels] + 1u) / 2, below = (lower[0] + lower[channels] + 1u) / 2;
            *row++ = (uint8_t)((above + below + 1) / 2);
        }
}

const tp_resize_variant tp_resize_portable = {
    .name = "portable",
    .digits = TP_WHOLE,
    .nanoseconds = 0.35,
    .across = across,
    .interleave = interleave,
    .down = down,
    .premultiply = tp_premultiply,
    .divide = tp_divide,
    .halve = tp_halve,
};
