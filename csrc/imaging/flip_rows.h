/* Rows in reverse order, a vector at a time, of three channels the pixels that fit in one. Included by a file for each
 * instruction set, which defines TARGET, NAME(channels), NARROWER(channels) for what is less than a vector, vector,
 * SIZE in bytes, load(address), store(address, v), order_of(bytes), an order of 16, and reordered(v, order). */

static const uint8_t order_1[16] = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
static const uint8_t order_2[16] = {14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1};
static const uint8_t order_4[16] = {12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3};

/* Of three channels one byte more is written, and then overwritten by the pixel that it belongs to. */
#define FLIP(channels)                                                                                                 \
    TARGET void NAME(channels)(uint8_t *out, const uint8_t *in, size_t width) {                                        \
        const vector order = order_of(order_##channels);                                                               \
        size_t bytes = channels * width, step = SIZE / channels * channels;                                            \
        for (; bytes >= SIZE; out += step, bytes -= step)                                                              \
            store(out, reordered(load(in + bytes - SIZE), order));                                                     \
        NARROWER(channels)(out, in, bytes / channels);                                                                 \
    }

FLIP(1)
FLIP(2)
FLIP(4)
