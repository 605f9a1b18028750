/* What a window of the blurs adds up to, in 32 bits for each lane, of the instructions that SSE4.1, AVX2 and AVX-512
 * have alike. Interleaving and packing stay within 128 bits, and undo each other. */

typedef struct words {
    vector low, high;
} words;

typedef struct sums {
    vector low_low, low_high, high_low, high_high;
} sums;

/* Of two pixels, a word for each. A word cannot hold a weight, but its upper bits and its lower 15. */
typedef struct weights {
    vector upper, lower;
} weights;

/* Of each pair of bytes the one is added, the other subtracted. */
TARGET static inline words difference(vector a, vector b) {
    vector signs = all_words((int16_t)0xff01);
    return (words){multiply_bytes(interleave_low(a, b), signs), multiply_bytes(interleave_high(a, b), signs)};
}

TARGET static inline weights weights_of(int32_t a, int32_t b) {
    return (weights){all_ints((int32_t)((uint32_t)(b >> 15) << 16 | ((uint32_t)(a >> 15) & 0xffff))),
                     all_ints((b & 0x7fff) << 16 | (a & 0x7fff))};
}

TARGET static inline sums all_sums(int32_t value) {
    vector all = all_ints(value);
    return (sums){all, all, all, all};
}

TARGET static inline vector plus_products(vector sum, vector pairs, const weights *w) {
    vector upper = shift_left(multiply_pairs(pairs, w->upper), 15);
    return add_products(add_ints(sum, upper), pairs, w->lower);
}

TARGET static inline void accumulate(sums *sum, words a, words b, const weights *w) {
    sum->low_low = plus_products(sum->low_low, interleave_words_low(a.low, b.low), w);
    sum->low_high = plus_products(sum->low_high, interleave_words_high(a.low, b.low), w);
    sum->high_low = plus_products(sum->high_low, interleave_words_low(a.high, b.high), w);
    sum->high_high = plus_products(sum->high_high, interleave_words_high(a.high, b.high), w);
}

TARGET static inline vector narrow(const sums *sum) {
    vector low = pack_ints(shift_right(sum->low_low, TP_BOX_BITS), shift_right(sum->low_high, TP_BOX_BITS));
    vector high = pack_ints(shift_right(sum->high_low, TP_BOX_BITS), shift_right(sum->high_high, TP_BOX_BITS));
    return pack_words(low, high);
}

TARGET static inline words all_counts(int16_t value) { return (words){all_words(value), all_words(value)}; }

TARGET static inline words add(words a, words b) { return (words){add_words(a.low, b.low), add_words(a.high, b.high)}; }

TARGET static inline vector divide(words sum, const tp_box *box) {
    vector reciprocal = all_words((int16_t)box->reciprocal);
    return pack_words(shift_words_right(multiply_high(sum.low, reciprocal), (int)box->shift),
                      shift_words_right(multiply_high(sum.high, reciprocal), (int)box->shift));
}
