/* BLAKE3's compression function as the paper has it: the oracle of the other variants. */
#include "hashing/blake3_variants.h"

/* Table 1. */
const uint32_t tp_blake3_iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* Table 2. */
static const uint8_t permutation[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};

static uint32_t rotate_right(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint32_t load_little_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

/* 2.2. */
static void g(uint32_t v[16], int a, int b, int c, int d, uint32_t word0, uint32_t word1) {
    v[a] = v[a] + v[b] + word0;
    v[d] = rotate_right(v[d] ^ v[a], 16);
    v[c] = v[c] + v[d];
    v[b] = rotate_right(v[b] ^ v[c], 12);
    v[a] = v[a] + v[b] + word1;
    v[d] = rotate_right(v[d] ^ v[a], 8);
    v[c] = v[c] + v[d];
    v[b] = rotate_right(v[b] ^ v[c], 7);
}

static void round_function(uint32_t v[16], const uint32_t m[16]) {
    g(v, 0, 4, 8, 12, m[0], m[1]);
    g(v, 1, 5, 9, 13, m[2], m[3]);
    g(v, 2, 6, 10, 14, m[4], m[5]);
    g(v, 3, 7, 11, 15, m[6], m[7]);
    g(v, 0, 5, 10, 15, m[8], m[9]);
    g(v, 1, 6, 11, 12, m[10], m[11]);
    g(v, 2, 7, 8, 13, m[12], m[13]);
    g(v, 3, 4, 9, 14, m[14], m[15]);
}

void tp_blake3_compress_portable(const uint32_t cv[8], const uint8_t block[TP_BLAKE3_BLOCK], uint32_t size,
                                 uint64_t counter, uint32_t flags, uint32_t out[16]) {
    const uint32_t *iv = tp_blake3_iv;
    uint32_t m[16], permuted[16];
    uint32_t v[16] = {cv[0],
                      cv[1],
                      cv[2],
                      cv[3],
                      cv[4],
                      cv[5],
                      cv[6],
                      cv[7],
                      iv[0],
                      iv[1],
                      iv[2],
                      iv[3],
                      (uint32_t)counter,
                      (uint32_t)(counter >> 32),
                      size,
                      flags};
    for (int i = 0; i < 16; i++)
        m[i] = load_little_endian(block + 4 * i);
    for (int round = 0; round < 7; round++) {
        round_function(v, m);
        for (int i = 0; i < 16; i++)
            permuted[i] = m[permutation[i]];
        for (int i = 0; i < 16; i++)
            m[i] = permuted[i];
    }
    for (int i = 0; i < 8; i++) {
        uint32_t word = cv[i];
        out[i] = v[i] ^ v[i + 8];
        out[i + 8] = v[i + 8] ^ word;
    }
}
