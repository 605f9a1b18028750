/* Colours times alpha, and back, for the instruction sets of resize_lanes.h, which define before:
 *
 *   both(x, y), either(x, y): bits; left(x, n), right(x, n): of 32-bit words; smaller_of(x, y): likewise
 *   right16(x, n), add16(x, y), multiply16(x, y): of 16-bit words, the low half of products
 *   zeros(x): 32-bit words of ones where there is 0
 *   floats, to_floats(x), to_integers(x), number(value), divide_floats, multiply_floats, add_floats(x, y) */

/* The products of 16-bit words up to 255, divided by 255 and rounded, times 256 and a fraction. */
TARGET static TP_ALWAYS_INLINE vector times(vector x, vector y) {
    vector product = add16(multiply16(x, y), word(128 << 16 | 128));
    return add16(product, right16(product, 8));
}

TARGET static void premultiply(const uint8_t *row, size_t width, unsigned channels, uint8_t *to) {
    static const uint8_t alphas[TP_LANE] = {3, 128, 3, 128, 7, 128, 7, 128, 11, 128, 11, 128, 15, 128, 15, 128};
    const vector low = word(0x00ff00ff), high = word((int32_t)0xff00ff00);
    size_t i = 0, bytes = width * channels;
    for (; bytes - i >= sizeof(vector); i += sizeof(vector)) {
        vector x = load(row + i), evens = both(x, low), odds = right16(x, 8), result;
        if (channels == 2) {
            result = either(right16(times(evens, odds), 8), both(x, high));
        } else {
            vector alpha = shuffle(x, everywhere(alphas));
            vector alpha_as_it_is = either(both(alpha, word(0xffff)), word(255 << 16));
            result = either(right16(times(evens, alpha), 8), both(times(odds, alpha_as_it_is), high));
        }
        store(to + i, result);
    }
    tp_premultiply(row + i, (bytes - i) / channels, channels, to + i);
}

/* What colours are multiplied by; 1 for an alpha of 0, which leaves them. */
TARGET static TP_ALWAYS_INLINE floats factor(vector alpha) {
    vector divisor = either(alpha, both(zeros(alpha), word(255)));
    return divide_floats(number(255), to_floats(divisor));
}

/* A quotient that is no integer is away from the next one by 1/255 or more, so that a little less does not matter; but
 * rounding must not take one that is an integer below it. */
TARGET static TP_ALWAYS_INLINE vector quotient(vector colour, floats factor) {
    floats exact = multiply_floats(to_floats(both(colour, word(255))), factor);
    return smaller_of(to_integers(add_floats(exact, number(1.f / 512))), word(255));
}

TARGET static void divide(uint8_t *row, size_t width, unsigned channels) {
    size_t i = 0, bytes = width * channels;
    for (; bytes - i >= sizeof(vector); i += sizeof(vector)) {
        vector x = load(row + i), last = right(x, 24);
        floats of_last = factor(last);
        if (channels == 2) {
            vector first = quotient(x, factor(both(right(x, 8), word(255))));
            x = either(both(x, word((int32_t)0xff00ff00)), either(first, left(quotient(right(x, 16), of_last), 16)));
        } else {
            vector green = left(quotient(right(x, 8), of_last), 8), blue = left(quotient(right(x, 16), of_last), 16);
            x = either(either(quotient(x, of_last), green), either(blue, left(last, 24)));
        }
        store(row + i, x);
    }
    tp_divide(row + i, (bytes - i) / channels, channels);
}
