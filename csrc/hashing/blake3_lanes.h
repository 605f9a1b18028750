/* BLAKE3 over as many inputs as a vector has words: each word of the state and of the block is a vector (5.3). Included
 * by a file for each instruction set, behind its vector_*.h. */

/* Half of G (2.2) in each column, or diagonal, step by step: within a step nothing waits for anything. */
#define MIX(a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3, by_d, by_b, w0, w1, w2, w3)                \
    v[a0] = add(v[a0], w[w0]), v[a1] = add(v[a1], w[w1]), v[a2] = add(v[a2], w[w2]), v[a3] = add(v[a3], w[w3]);        \
    v[a0] = add(v[a0], v[b0]), v[a1] = add(v[a1], v[b1]), v[a2] = add(v[a2], v[b2]), v[a3] = add(v[a3], v[b3]);        \
    v[d0] = xor2(v[d0], v[a0]), v[d1] = xor2(v[d1], v[a1]), v[d2] = xor2(v[d2], v[a2]), v[d3] = xor2(v[d3], v[a3]);    \
    v[d0] = rotate_right(v[d0], by_d), v[d1] = rotate_right(v[d1], by_d);                                              \
    v[d2] = rotate_right(v[d2], by_d), v[d3] = rotate_right(v[d3], by_d);                                              \
    v[c0] = add(v[c0], v[d0]), v[c1] = add(v[c1], v[d1]), v[c2] = add(v[c2], v[d2]), v[c3] = add(v[c3], v[d3]);        \
    v[b0] = xor2(v[b0], v[c0]), v[b1] = xor2(v[b1], v[c1]), v[b2] = xor2(v[b2], v[c2]), v[b3] = xor2(v[b3], v[c3]);    \
    v[b0] = rotate_right(v[b0], by_b), v[b1] = rotate_right(v[b1], by_b);                                              \
    v[b2] = rotate_right(v[b2], by_b), v[b3] = rotate_right(v[b3], by_b);

#define COLUMNS(...) MIX(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, __VA_ARGS__)
#define DIAGONALS(...) MIX(0, 1, 2, 3, 5, 6, 7, 4, 10, 11, 8, 9, 15, 12, 13, 14, __VA_ARGS__)

#define ROUND(w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15)                                    \
    COLUMNS(16, 12, w0, w2, w4, w6)                                                                                    \
    COLUMNS(8, 7, w1, w3, w5, w7)                                                                                      \
    DIAGONALS(16, 12, w8, w10, w12, w14)                                                                               \
    DIAGONALS(8, 7, w9, w11, w13, w15)

/* The seven rounds, each with the words as the permutation before it left them. */
TARGET static TP_ALWAYS_INLINE void rounds(vector v[16], const vector w[16]){
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
            ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1)
                ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6)
                    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4)
                        ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7)
                            ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13)}

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

TARGET static inline void hash_chunks(const tp_blake3_mode *mode, const uint8_t *data, size_t count, uint64_t first,
                                      uint8_t *cvs) {
    const uint8_t *next[LANES];
    uint32_t low[LANES], high[LANES], states[LANES][8];
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
            prefetch((uintptr_t)next[lane] + LANES * TP_BLAKE3_CHUNK);
            next[lane] += TP_BLAKE3_BLOCK;
        }
        compress(v, w, load(low), load(high), constant(TP_BLAKE3_BLOCK), constant(flags));
    }
    store_states(states, v);
    memcpy(cvs, states, count * TP_BLAKE3_DIGEST);
}

TARGET static inline void hash_parents(const tp_blake3_mode *mode, const uint8_t *children, size_t count,
                                       uint8_t *cvs) {
    const uint8_t *blocks[LANES];
    uint32_t states[LANES][8];
    vector v[16], w[16];
    for (size_t lane = 0; lane < LANES; lane++)
        blocks[lane] = children + TP_BLAKE3_BLOCK * (lane < count ? lane : 0);
    for (int i = 0; i < 8; i++)
        v[i] = constant(mode->key[i]);
    load_block(w, blocks, false);
    compress(v, w, constant(0), constant(0), constant(TP_BLAKE3_BLOCK), constant(mode->flags | TP_BLAKE3_PARENT));
    store_states(states, v);
    memcpy(cvs, states, count * TP_BLAKE3_DIGEST);
}

TARGET static inline void hash_messages(tp_blake3_step *step) {
    vector v[16], w[16], starts = load(step->starts);
    for (int i = 0; i < 8; i++)
        v[i] = choose(starts, constant(tp_blake3_iv[i]), load(step->cvs[i]));
    load_block(w, step->blocks, false);
    compress(v, w, constant(0), constant(0), load(step->sizes), load(step->flags));
    for (int i = 0; i < 8; i++)
        memcpy(step->cvs[i], &v[i], sizeof v[i]);
    if (step->ends) store_states(step->digests, v);
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
                                          uint64_t first, uint8_t *cvs) {                                              \
        hash_chunks(mode, data, count, first, cvs);                                                                    \
    }                                                                                                                  \
    TARGET void tp_blake3_parents_##suffix(const tp_blake3_mode *mode, const uint8_t *children, size_t count,          \
                                           uint8_t *cvs) {                                                             \
        hash_parents(mode, children, count, cvs);                                                                      \
    }                                                                                                                  \
    TARGET void tp_blake3_messages_##suffix(tp_blake3_step *step) { hash_messages(step); }                             \
    TARGET void tp_blake3_outputs_##suffix(const tp_blake3_node *root, uint8_t *out) { write_outputs(root, out); }
