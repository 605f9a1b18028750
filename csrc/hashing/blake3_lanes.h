/* BLAKE3 over as many inputs as a vector has words: each word of the state and of the block is a vector (5.3). Included
 * by a file for each instruction set, behind its vector_*.h. */

/* Half of G (2.2). */
#define MIX(a, b, c, d, word, by_d, by_b)                                                                              \
    v[a] = add(add(v[a], w[word]), v[b]);                                                                              \
    v[d] = rotate_right(xor2(v[d], v[a]), by_d);                                                                       \
    v[c] = add(v[c], v[d]);                                                                                            \
    v[b] = rotate_right(xor2(v[b], v[c]), by_b)

/* The columns, or the diagonals. With registers for the whole state and the block, all four in turn, of which none
 * waits for another; otherwise one after the other, which moves less to and from memory. */
#ifdef MANY_REGISTERS
#define FOUR_G(b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3, w0, w1, w2, w3, w4, w5, w6, w7)                         \
    MIX(0, b0, c0, d0, w0, 16, 12);                                                                                    \
    MIX(1, b1, c1, d1, w2, 16, 12);                                                                                    \
    MIX(2, b2, c2, d2, w4, 16, 12);                                                                                    \
    MIX(3, b3, c3, d3, w6, 16, 12);                                                                                    \
    MIX(0, b0, c0, d0, w1, 8, 7);                                                                                      \
    MIX(1, b1, c1, d1, w3, 8, 7);                                                                                      \
    MIX(2, b2, c2, d2, w5, 8, 7);                                                                                      \
    MIX(3, b3, c3, d3, w7, 8, 7)
#else
#define FOUR_G(b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3, w0, w1, w2, w3, w4, w5, w6, w7)                         \
    MIX(0, b0, c0, d0, w0, 16, 12);                                                                                    \
    MIX(0, b0, c0, d0, w1, 8, 7);                                                                                      \
    MIX(1, b1, c1, d1, w2, 16, 12);                                                                                    \
    MIX(1, b1, c1, d1, w3, 8, 7);                                                                                      \
    MIX(2, b2, c2, d2, w4, 16, 12);                                                                                    \
    MIX(2, b2, c2, d2, w5, 8, 7);                                                                                      \
    MIX(3, b3, c3, d3, w6, 16, 12);                                                                                    \
    MIX(3, b3, c3, d3, w7, 8, 7)
#endif

#define ROUND(w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15)                                    \
    FOUR_G(4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, w0, w1, w2, w3, w4, w5, w6, w7);                                  \
    FOUR_G(5, 6, 7, 4, 10, 11, 8, 9, 15, 12, 13, 14, w8, w9, w10, w11, w12, w13, w14, w15)

/* The seven rounds, each with the words as the permutation before it left them. */
TARGET static TP_ALWAYS_INLINE void rounds(vector v[16], const vector w[16]) {
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8);
    ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1);
    ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6);
    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4);
    ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7);
    ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13);
}

/* 2.2, without the chaining values' part in the output's second half: from v[0 … 7] to v. */
TARGET static TP_ALWAYS_INLINE void compress(vector v[16], const vector w[16], vector counters_low,
                                             vector counters_high, vector sizes, vector flags) {
    for (int i = 0; i < 4; i++)
        v[i + 8] = constant(tp_blake3_iv[i]);
    v[12] = counters_low, v[13] = counters_high, v[14] = sizes, v[15] = flags;
    rounds(v, w);
    for (int i = 0; i < 8; i++)
        v[i] = xor2(v[i], v[i + 8]);
}

TARGET static inline vector load(const uint32_t words[]) {
    vector all;
    memcpy(&all, words, sizeof all);
    return all;
}

/* The states of the first `count` lanes. */
TARGET static inline void store_some(tp_blake3_cv cvs[], vector v[8], size_t count) {
    tp_blake3_cv all[LANES];
    if (count == LANES) {
        store_states(&cvs->words, v);
        return;
    }
    store_states(&all->words, v);
    memcpy(cvs, all, count * sizeof *all);
}

TARGET static inline void hash_chunks(const tp_blake3_mode *mode, const uint8_t *data, size_t count, uint64_t first,
                                      tp_blake3_cv cvs[]) {
    const uint8_t *next[LANES];
    uint32_t low[LANES], high[LANES];
    vector v[16], w[16];
    for (size_t lane = 0; lane < LANES; lane++) {
        next[lane] = data + TP_BLAKE3_CHUNK * (lane < count ? lane : 0);
        low[lane] = (uint32_t)(first + lane), high[lane] = (uint32_t)((first + lane) >> 32);
    }
    for (int i = 0; i < 8; i++)
        v[i] = constant(mode->key[i]);
    for (int block = 0; block < TP_BLAKE3_CHUNK / TP_BLAKE3_BLOCK; block++) {
        uint32_t flags = mode->flags;
        if (block == 0) flags |= TP_BLAKE3_CHUNK_START;
        if (block == TP_BLAKE3_CHUNK / TP_BLAKE3_BLOCK - 1) flags |= TP_BLAKE3_CHUNK_END;
        load_block(w, next, false);
        for (int lane = 0; lane < LANES; lane++) {
            prefetch((uintptr_t)next[lane] + LANES * TP_BLAKE3_CHUNK); /* for the next call */
            next[lane] += TP_BLAKE3_BLOCK;
        }
        compress(v, w, load(low), load(high), constant(TP_BLAKE3_BLOCK), constant(flags));
    }
    store_some(cvs, v, count);
}

TARGET static inline void hash_parents(const tp_blake3_mode *mode, const tp_blake3_cv children[], size_t count,
                                       tp_blake3_cv cvs[]) {
    const uint8_t *blocks[LANES];
    vector v[16], w[16];
    for (size_t lane = 0; lane < LANES; lane++)
        blocks[lane] = (const uint8_t *)&children[lane < count ? 2 * lane : 0];
    for (int i = 0; i < 8; i++)
        v[i] = constant(mode->key[i]);
    load_block(w, blocks, false);
    compress(v, w, constant(0), constant(0), constant(TP_BLAKE3_BLOCK), constant(mode->flags | TP_BLAKE3_PARENT));
    store_some(cvs, v, count);
}

/* A lane whose message starts does so with the key, which is that of the mode without one. */
TARGET static inline void hash_messages(const tp_blake3_step *step, tp_blake3_states *states) {
    const vector none = constant(0), starts = load(step->starts), ends = load(step->ends);
    const uint8_t *next[LANES];
    vector v[16], w[16];
    for (int lane = 0; lane < LANES; lane++)
        next[lane] = step->blocks[lane];
    for (int i = 0; i < 8; i++)
        v[i] = choose(starts, constant(tp_blake3_iv[i]), load(states->words[i]));
    for (size_t block = 0; block < step->count; block++) {
        vector flags = block == 0 ? choose(starts, constant(TP_BLAKE3_CHUNK_START), none) : none;
        if (block == step->count - 1)
            flags = add(flags, choose(ends, constant(TP_BLAKE3_CHUNK_END | TP_BLAKE3_ROOT), none));
        load_block(w, next, false);
        for (int lane = 0; lane < LANES; lane++)
            next[lane] += TP_BLAKE3_BLOCK;
        compress(v, w, none, none, load(step->sizes), flags);
    }
    for (int i = 0; i < 8; i++)
        memcpy(states->words[i], &v[i], sizeof v[i]);
    store_states(states->lanes, v);
}

/* The lanes differ by the counter only. */
TARGET static inline void write_outputs(const tp_blake3_node *root, uint8_t *out) {
    uint32_t low[LANES], high[LANES], words[16];
    vector v[16], w[16];
    for (size_t lane = 0; lane < LANES; lane++)
        low[lane] = (uint32_t)(root->counter + lane), high[lane] = (uint32_t)((root->counter + lane) >> 32);
    memcpy(words, root->block, sizeof words);
    for (int i = 0; i < 16; i++)
        w[i] = constant(words[i]);
    for (int i = 0; i < 8; i++)
        v[i] = constant(root->cv[i]);
    compress(v, w, load(low), load(high), constant(root->size), constant(root->flags));
    for (int i = 0; i < 8; i++)
        v[i + 8] = xor2(v[i + 8], constant(root->cv[i]));
    for (int part = 0; part < 16; part += LANES) {
        transpose(v + part);
        for (int lane = 0; lane < LANES; lane++)
            memcpy(out + TP_BLAKE3_BLOCK * lane + 4 * part, &v[part + lane], sizeof *v);
    }
}

/* The four functions of the variant whose names end so. */
#define VARIANT(suffix)                                                                                                \
    TARGET void tp_blake3_chunks_##suffix(const tp_blake3_mode *mode, const uint8_t *data, size_t count,               \
                                          uint64_t first, tp_blake3_cv cvs[]) {                                        \
        hash_chunks(mode, data, count, first, cvs);                                                                    \
    }                                                                                                                  \
    TARGET void tp_blake3_parents_##suffix(const tp_blake3_mode *mode, const tp_blake3_cv children[], size_t count,    \
                                           tp_blake3_cv cvs[]) {                                                       \
        hash_parents(mode, children, count, cvs);                                                                      \
    }                                                                                                                  \
    TARGET void tp_blake3_messages_##suffix(const tp_blake3_step *step, tp_blake3_states *states) {                    \
        hash_messages(step, states);                                                                                   \
    }                                                                                                                  \
    TARGET void tp_blake3_outputs_##suffix(const tp_blake3_node *root, uint8_t *out) { write_outputs(root, out); }
