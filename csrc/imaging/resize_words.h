/* Sums of bytes times weights of two words, for resize_lanes.h. A file for one instruction set defines before:
 * multiply_add(x, y): sums of neighbouring words' products; add(x, y): of words of 32 bits; and what resize_alpha.h
 * needs. */
#define DIGITS TP_WORDS

enum { PLANES = 4 };

typedef struct sums {
    vector high, low;
} sums;

TARGET static TP_ALWAYS_INLINE sums begin_sums(vector first) { return (sums){word(0), first}; }

TARGET static TP_ALWAYS_INLINE void add_products(sums *s, vector x, const uint8_t *weights) {
    const size_t next = sizeof(vector);
    vector first = both(x, word(0x00ff00ff)), second = right16(x, 8);
    s->high = add(s->high, add(multiply_add(first, load(weights)), multiply_add(second, load(weights + next))));
    s->low =
        add(s->low, add(multiply_add(first, load(weights + 2 * next)), multiply_add(second, load(weights + 3 * next))));
}

TARGET static TP_ALWAYS_INLINE vector total(const sums *s) { return add(left(s->high, 16), s->low); }
