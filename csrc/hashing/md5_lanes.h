/* MD5 over as many messages as a vector has words (RFC 1321, 3.4), each word of the state and of the block a vector.
 * Included by a file for each instruction set, behind its vector_*.h. */

#define F choose
#define G(x, y, z) choose(z, x, y)
#define H xor3
#define I xor_or_not

#define STEP(function, a, b, c, d, t, k, s)                                                                            \
    do {                                                                                                               \
        vector sum = add(add(a, add(w[(k) & 15], constant(tp_md5_t[t]))), function(b, c, d));                          \
        a = add(b, rotate_left(sum, s));                                                                               \
    } while (0)

/* Sixteen steps: the words of the block in the order first, first + next, first + 2 * next …, modulo 16. */
#define ROUND(function, t, first, next, s0, s1, s2, s3)                                                                \
    for (int n = 0; n < 16; n += 4) {                                                                                  \
        STEP(function, a, b, c, d, t + n, first + n * next, s0);                                                       \
        STEP(function, d, a, b, c, t + n + 1, first + (n + 1) * next, s1);                                             \
        STEP(function, c, d, a, b, t + n + 2, first + (n + 2) * next, s2);                                             \
        STEP(function, b, c, d, a, t + n + 3, first + (n + 3) * next, s3);                                             \
    }

TARGET static inline void compress_lanes(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[],
                                         size_t count) {
    vector s[8], w[16];
    const uint8_t *next[LANES];
    for (int lane = 0; lane < LANES; lane++)
        next[lane] = blocks[lane];
    load_states(s, states);
    for (; count; count--) {
        vector a = s[0], b = s[1], c = s[2], d = s[3];
        load_block(w, next, false);
        ROUND(F, 0, 0, 1, 7, 12, 17, 22)
        ROUND(G, 16, 1, 5, 5, 9, 14, 20)
        ROUND(H, 32, 5, 3, 4, 11, 16, 23)
        ROUND(I, 48, 0, 7, 6, 10, 15, 21)
        s[0] = add(s[0], a), s[1] = add(s[1], b), s[2] = add(s[2], c), s[3] = add(s[3], d);
        for (int lane = 0; lane < LANES; lane++)
            next[lane] += TP_BLOCK;
    }
    store_states(states, s);
}
