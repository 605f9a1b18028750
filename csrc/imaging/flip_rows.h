/* Rows in reverse order, 16 bytes at a time, or 15 of pixels with three. Included by a file for each instruction set,
 * which defines TARGET, NAME(channels), vector, load(address), store(address, v) and shuffle(v, order). */

/* Of three channels a 16th byte is written as well, and then overwritten by the pixel that it belongs to. */
TARGET static TP_ALWAYS_INLINE void reverse(uint8_t *out, const uint8_t *in, size_t width, size_t channels,
                                            const uint8_t order[16], tp_flip_row *rest) {
    const vector reversed = load(order);
    const size_t step = 16 / channels * channels;
    size_t bytes = channels * width;
    for (; bytes >= 16; out += step, bytes -= step)
        store(out, shuffle(load(in + bytes - 16), reversed));
    rest(out, in, bytes / channels);
}

TARGET void NAME(1)(uint8_t *out, const uint8_t *in, size_t width) {
    static const uint8_t order[16] = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    reverse(out, in, width, 1, order, tp_flip_1_portable);
}

TARGET void NAME(2)(uint8_t *out, const uint8_t *in, size_t width) {
    static const uint8_t order[16] = {14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1};
    reverse(out, in, width, 2, order, tp_flip_2_portable);
}

TARGET void NAME(3)(uint8_t *out, const uint8_t *in, size_t width) {
    static const uint8_t order[16] = {13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0};
    reverse(out, in, width, 3, order, tp_flip_3_portable);
}

TARGET void NAME(4)(uint8_t *out, const uint8_t *in, size_t width) {
    static const uint8_t order[16] = {12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3};
    reverse(out, in, width, 4, order, tp_flip_4_portable);
}
