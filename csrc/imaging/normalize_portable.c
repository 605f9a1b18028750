/* Normalised values, one by one, and IEEE 754's conversion of binary32 to binary16. */
#include "imaging/normalize.h"

#include <string.h>

static float normal(uint8_t byte, float scale, float bias) { return (float)byte * scale + bias; }

/* To the nearest, of two as near to the even one: of `bits` the lowest `dropped`, 1 to 31, are left out. */
static uint32_t rounded(uint32_t bits, unsigned dropped) {
    uint32_t kept = bits >> dropped, rest = bits << (32 - dropped), tie = (uint32_t)1 << 31;
    return kept + (rest > tie || (rest == tie && (kept & 1)));
}

static uint16_t half_of(float value) {
    enum { INFINITE = 0x7c00, QUIET = 0x0200 };
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
    if (exponent == 0xff) return (uint16_t)(sign | INFINITE | (fraction ? QUIET | fraction >> 13 : 0));
    if (exponent > 127 + 15) return (uint16_t)(sign | INFINITE);
    /* A fraction that is rounded up to one more than it can hold is one more exponent, as it should be. */
    if (exponent > 127 - 15) return (uint16_t)(sign | rounded((exponent - (127 - 15)) << 23 | fraction, 13));
    /* Subnormal, in units of 2^-24; under half of one there is nothing. */
    unsigned dropped = 126 - exponent;
    return (uint16_t)(sign | (dropped > 24 ? 0 : rounded(1 << 23 | fraction, dropped)));
}

void tp_normalize_floats_portable(void *out, const uint8_t *row, size_t width, unsigned channels, unsigned channel,
                                  float scale, float bias) {
    float *floats = out;
    for (size_t x = 0; x < width; x++)
        floats[x] = normal(row[channels * x + channel], scale, bias);
}

void tp_normalize_halves_portable(void *out, const uint8_t *row, size_t width, unsigned channels, unsigned channel,
                                  float scale, float bias) {
    uint16_t *halves = out;
    for (size_t x = 0; x < width; x++)
        halves[x] = half_of(normal(row[channels * x + channel], scale, bias));
}
