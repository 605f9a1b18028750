/* Normalised values, one by one, and IEEE 754's conversion of binary32 to binary16. */
#include "imaging/normalize.h"

#include <string.h>

static float normal(uint8_t byte, float scale, float bias) { return (float)byte * scale + bias; }

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* All is computed, and then chosen from: what bytes come next is not to be foreseen. */
static uint16_t half_of(float value) {
    enum { BIAS = 127 - 15, DROPPED = 23 - 10, INFINITE = 0x7c00, QUIET = 0x0200 };
    uint32_t bits = bits_of(value), magnitude = bits & 0x7fffffff;
    /* Just under half of the last bit that is kept, or with that bit odd just half. Where all bits are ones, the carry
     * is one more exponent, as it should be. */
    uint32_t odd = magnitude >> DROPPED & 1, up = (1 << (DROPPED - 1)) - 1 + odd;
    uint32_t normal = (magnitude - ((uint32_t)BIAS << 23) + up) >> DROPPED;
    /* The last bit of 0.5 is worth as much as that of a subnormal half. */
    uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f);
    uint32_t nan = INFINITE | QUIET | (magnitude >> DROPPED & (QUIET - 1));
    uint32_t half = magnitude < (uint32_t)(BIAS + 1) << 23 ? subnormal : normal;
    half = magnitude >= (uint32_t)(BIAS + 31) << 23 ? INFINITE : half;
    return (uint16_t)(bits >> 16 & 0x8000) | (uint16_t)(magnitude > (uint32_t)0xff << 23 ? nan : half);
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
