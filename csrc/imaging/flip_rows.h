/* Rows in reverse order, 16 bytes at a time, of three channels 15. Included by a file for each instruction set, which
 * defines TARGET, NAME(channels), vector, load(address), store(address, v) and shuffle(v, order). */

/* Of three channels one byte more is written, and then overwritten by the pixel that it belongs to. */
#define FLIP(channels, ...)                                                                                            \
    TARGET void NAME(channels)(uint8_t *out, const uint8_t *in, size_t width) {                                        \
        static const uint8_t reversed[16] = {__VA_ARGS__};                                                             \
        const vector order = load(reversed);                                                                           \
        size_t bytes = channels * width, step = 16 / channels * channels;                                              \
        for (; bytes >= 16; out += step, bytes -= step)                                                                \
            store(out, shuffle(load(in + bytes - 16), order));                                                         \
        tp_flip_##channels##_portable(out, in, bytes / channels);                                                      \
    }

FLIP(1, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
FLIP(2, 14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1)
FLIP(3, 13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0)
FLIP(4, 12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3)
