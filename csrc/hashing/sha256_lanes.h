/* SHA-256 over as many messages as a vector has words (FIPS 180-4, 6.2.2), each word of the state and of the schedule a
 * vector. Included by a file for each instruction set, behind its vector_*.h. */

#define SIGMA(x, a, b, c) xor3(rotate_right(x, a), rotate_right(x, b), rotate_right(x, c))
#define SIGMA_OF_SCHEDULE(x, a, b, c) xor3(rotate_right(x, a), rotate_right(x, b), shift_right(x, c))

TARGET static inline void next_word(vector w[16], int t) {
    vector new = SIGMA_OF_SCHEDULE(w[(t + 14) & 15], 17, 19, 10), old = SIGMA_OF_SCHEDULE(w[(t + 1) & 15], 7, 18, 3);
    w[t & 15] = add(add(w[t & 15], w[(t + 9) & 15]), add(new, old));
}

/* One round, with the words of the state where they are, instead of each moved to the next: the names turn. */
#define ROUND(a, b, c, d, e, f, g, h, t)                                                                               \
    do {                                                                                                               \
        if ((t) >= 16) next_word(w, t); /* just before it is needed: the processor does both at once */                \
        vector sum =                                                                                                   \
            add(add(h, add(w[(t) & 15], constant(tp_sha256_k[t]))), add(SIGMA(e, 6, 11, 25), choose(e, f, g)));        \
        d = add(d, sum);                                                                                               \
        h = add(sum, add(SIGMA(a, 2, 13, 22), majority(a, b, c)));                                                     \
    } while (0)

#define EIGHT_ROUNDS(t)                                                                                                \
    do {                                                                                                               \
        ROUND(a, b, c, d, e, f, g, h, t);                                                                              \
        ROUND(h, a, b, c, d, e, f, g, t + 1);                                                                          \
        ROUND(g, h, a, b, c, d, e, f, t + 2);                                                                          \
        ROUND(f, g, h, a, b, c, d, e, t + 3);                                                                          \
        ROUND(e, f, g, h, a, b, c, d, t + 4);                                                                          \
        ROUND(d, e, f, g, h, a, b, c, t + 5);                                                                          \
        ROUND(c, d, e, f, g, h, a, b, t + 6);                                                                          \
        ROUND(b, c, d, e, f, g, h, a, t + 7);                                                                          \
    } while (0)

TARGET static inline void compress_lanes(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[],
                                         size_t count) {
    vector s[8], w[16];
    const uint8_t *next[LANES];
    for (int lane = 0; lane < LANES; lane++)
        next[lane] = blocks[lane];
    load_states(s, states);
    for (; count; count--) {
        vector a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
        load_block(w, next, true);
        EIGHT_ROUNDS(0);
        EIGHT_ROUNDS(8);
        for (int t = 16; t < 64; t += 16) {
            EIGHT_ROUNDS(t);
            EIGHT_ROUNDS(t + 8);
        }
        s[0] = add(s[0], a), s[1] = add(s[1], b), s[2] = add(s[2], c), s[3] = add(s[3], d);
        s[4] = add(s[4], e), s[5] = add(s[5], f), s[6] = add(s[6], g), s[7] = add(s[7], h);
        for (int lane = 0; lane < LANES; lane++)
            next[lane] += TP_BLOCK;
    }
    store_states(states, s);
}
