/* MD5 as RFC 1321 writes it: the oracle of the other variants. */
#include "hashing/md5.h"

/* RFC 1321, 3.4: element i is the integer part of 2^32 * abs(sin(i + 1)). */
const uint32_t tp_md5_t[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }

/* RFC 1321, 3.4. G is its own, (x & z) | (y & ~z), of which no two bits meet: so the halves may be added, and the one
 * without x, which is the word of the state that is ready last, is out of its way. */
static uint32_t f(uint32_t x, uint32_t y, uint32_t z) { return z ^ (x & (y ^ z)); }
static uint32_t g(uint32_t x, uint32_t y, uint32_t z) { return (x & z) + (y & ~z); }
static uint32_t h(uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; }
static uint32_t i(uint32_t x, uint32_t y, uint32_t z) { return y ^ (x | ~z); }

static uint32_t load_little_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

#define STEP(function, a, b, c, d, t, k, s) a = b + rotl(a + x[(k) & 15] + tp_md5_t[t] + function(b, c, d), s)

/* Sixteen steps: the words of the block in the order first, first + next, first + 2 * next …, modulo 16. */
#define ROUND(function, t, first, next, s0, s1, s2, s3)                                                                \
    for (int n = 0; n < 16; n += 4) {                                                                                  \
        STEP(function, a, b, c, d, t + n, first + n * next, s0);                                                       \
        STEP(function, d, a, b, c, t + n + 1, first + (n + 1) * next, s1);                                             \
        STEP(function, c, d, a, b, t + n + 2, first + (n + 2) * next, s2);                                             \
        STEP(function, b, c, d, a, t + n + 3, first + (n + 3) * next, s3);                                             \
    }

void tp_md5_compress_portable(uint32_t state[], const uint8_t *blocks, size_t count) {
    for (; count; count--, blocks += TP_BLOCK) {
        uint32_t x[16];
        for (int n = 0; n < 16; n++)
            x[n] = load_little_endian(blocks + 4 * n);
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        ROUND(f, 0, 0, 1, 7, 12, 17, 22)
        ROUND(g, 16, 1, 5, 5, 9, 14, 20)
        ROUND(h, 32, 5, 3, 4, 11, 16, 23)
        ROUND(i, 48, 0, 7, 6, 10, 15, 21)
        state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    }
}
