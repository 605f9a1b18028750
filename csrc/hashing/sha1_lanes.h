/* SHA-1 over as many messages as a vector has words (FIPS 180-4, 6.1.2), each word of the state and of the schedule a
 * vector. Included by a file for each instruction set, behind its vector_*.h. */

TARGET static inline void next_word(vector w[16], int t) {
    vector old = xor2(w[(t + 2) & 15], w[t & 15]);
    w[t & 15] = rotate_left(xor3(w[(t + 13) & 15], w[(t + 8) & 15], old), 1);
}

/* One round, with the words of the state where they are, instead of each moved to the next: the names turn. */
#define ROUND(a, b, c, d, e, f, k, t)                                                                                  \
    do {                                                                                                               \
        if ((t) >= 16) next_word(w, t); /* just before it is needed: the processor does both at once */                \
        vector sum = add(add(e, f(b, c, d)), add(w[(t) & 15], constant(k)));                                           \
        e = add(sum, rotate_left(a, 5));                                                                               \
        b = rotate_left(b, 30);                                                                                        \
    } while (0)

#define FIVE_ROUNDS(f, k, t)                                                                                           \
    do {                                                                                                               \
        ROUND(a, b, c, d, e, f, k, t);                                                                                 \
        ROUND(e, a, b, c, d, f, k, t + 1);                                                                             \
        ROUND(d, e, a, b, c, f, k, t + 2);                                                                             \
        ROUND(c, d, e, a, b, f, k, t + 3);                                                                             \
        ROUND(b, c, d, e, a, f, k, t + 4);                                                                             \
    } while (0)

#define TWENTY_ROUNDS(f, k, t)                                                                                         \
    do {                                                                                                               \
        FIVE_ROUNDS(f, k, t);                                                                                          \
        FIVE_ROUNDS(f, k, t + 5);                                                                                      \
        FIVE_ROUNDS(f, k, t + 10);                                                                                     \
        FIVE_ROUNDS(f, k, t + 15);                                                                                     \
    } while (0)

TARGET static inline void compress_lanes(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[],
                                         size_t count) {
    vector s[8], w[16];
    const uint8_t *next[LANES];
    for (int lane = 0; lane < LANES; lane++)
        next[lane] = blocks[lane];
    load_states(s, states);
    for (; count; count--) {
        vector a = s[0], b = s[1], c = s[2], d = s[3], e = s[4];
        load_block(w, next, true);
        TWENTY_ROUNDS(choose, TP_SHA1_K0, 0);
        TWENTY_ROUNDS(xor3, TP_SHA1_K1, 20);
        TWENTY_ROUNDS(majority, TP_SHA1_K2, 40);
        TWENTY_ROUNDS(xor3, TP_SHA1_K3, 60);
        s[0] = add(s[0], a), s[1] = add(s[1], b), s[2] = add(s[2], c), s[3] = add(s[3], d), s[4] = add(s[4], e);
        for (int lane = 0; lane < LANES; lane++)
            next[lane] += TP_BLOCK;
    }
    store_states(states, s);
}
