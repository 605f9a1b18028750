/* SHA-1 as FIPS 180-4 writes it: the oracle of the other variants. */
#include "hashing/sha1.h"

static uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }

/* FIPS 180-4, 4.1.1. */
static uint32_t ch(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (~x & z); }
static uint32_t parity(uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; }
static uint32_t maj(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (x & z) ^ (y & z); }

static uint32_t load_big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

#define TWENTY_ROUNDS(first, f, k)                                                                                     \
    for (int t = first; t < first + 20; t++) {                                                                         \
        uint32_t sum = rotl(a, 5) + f(b, c, d) + e + k + w[t];                                                         \
        e = d, d = c, c = rotl(b, 30), b = a, a = sum;                                                                 \
    }

/* FIPS 180-4, 6.1.2. */
void tp_sha1_compress_portable(uint32_t state[], const uint8_t *blocks, size_t count) {
    for (; count; count--, blocks += TP_BLOCK) {
        uint32_t w[80];
        for (int t = 0; t < 16; t++)
            w[t] = load_big_endian(blocks + 4 * t);
        for (int t = 16; t < 80; t++)
            w[t] = rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
        TWENTY_ROUNDS(0, ch, TP_SHA1_K0)
        TWENTY_ROUNDS(20, parity, TP_SHA1_K1)
        TWENTY_ROUNDS(40, maj, TP_SHA1_K2)
        TWENTY_ROUNDS(60, parity, TP_SHA1_K3)
        state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
    }
}
