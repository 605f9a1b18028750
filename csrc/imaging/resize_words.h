/* Sums of bytes times weights of two words, for resize_lanes.h. A file for one instruction set defines before:
 * even(x), odd(x): bytes as words; multiply_add(x, y): words' products, in neighbouring pairs; add(x, y), high_half(x):
 * words of 32 bits, and times 65536. */
#define DIGITS TP_WORDS

enum { PLANES = 4 };

typedef struct sums {
    vector high, low;
} sums;

TARGET static TP_ALWAYS_INLINE sums begin_sums(vector first) { return (sums){word(0), first}; }

TARGET static TP_ALWAYS_INLINE void add_products(sums *s, vector x, const uint8_t *weights) {
    const size_t next = sizeof(vector);
    vector first = even(x), second = odd(x);
    s->high = add(s->high, add(multiply_add(first, load(weights)), multiply_add(second, load(weights + next))));
    s->low =
        add(s->low, add(multiply_add(first, load(weights + 2 * next)), multiply_add(second, load(weights + 3 * next))));
}

TARGET static TP_ALWAYS_INLINE vector total(const sums *s) { return add(high_half(s->high), s->low); }
