/* Columns become rows, block by block. Included by a file for each instruction set, which defines TARGET,
 * NAME(channels), NARROWER(channels) for less than a block, WIDTH(channels) and HEIGHT(channels) of a block of the
 * result, vector, store(address, v), load_rows(in, in_stride, i, count) of the vectors of a block, and low8(v, w),
 * high8 and so on to 32, which interleave the elements of the lower or upper halves of 16 bytes. */

/* Columns are rows when those of the first half are interleaved with those of the second, as often as the number of
 * rows can be halved. */
#define INTERLEAVE(rows, count, low, high)                                                                             \
    for (int halved = 1; halved < (count); halved *= 2) {                                                              \
        vector mixed[count];                                                                                           \
        for (int i = 0; i < (count) / 2; i++) {                                                                        \
            mixed[2 * i] = low(rows[i], rows[i + (count) / 2]);                                                        \
            mixed[2 * i + 1] = high(rows[i], rows[i + (count) / 2]);                                                   \
        }                                                                                                              \
        memcpy(rows, mixed, sizeof mixed);                                                                             \
    }

/* A block whose pixels fill vectors. */
#define BLOCK(channels, count, low, high)                                                                              \
    TARGET static inline void block_##channels(uint8_t *out, ptrdiff_t out_stride, const uint8_t *in,                  \
                                               ptrdiff_t in_stride) {                                                  \
        vector rows[count];                                                                                            \
        for (int i = 0; i < (count); i++)                                                                              \
            rows[i] = load_rows(in, in_stride, i, count);                                                              \
        INTERLEAVE(rows, count, low, high)                                                                             \
        for (int i = 0; i < (count); i++)                                                                              \
            store(out + i * out_stride, rows[i]);                                                                      \
    }

/* The last blocks overlap those before as much as they must. */
#define TRANSPOSE(channels)                                                                                            \
    TARGET void NAME(channels)(uint8_t *out, ptrdiff_t out_stride, const uint8_t *in, ptrdiff_t in_stride,             \
                               size_t width, size_t height) {                                                          \
        if (width < WIDTH(channels) || height < HEIGHT(channels)) {                                                    \
            NARROWER(channels)(out, out_stride, in, in_stride, width, height);                                         \
            return;                                                                                                    \
        }                                                                                                              \
        size_t right = width - WIDTH(channels), bottom = height - HEIGHT(channels);                                    \
        for (size_t row = 0; row < height; row += HEIGHT(channels)) {                                                  \
            size_t y = row < bottom ? row : bottom;                                                                    \
            for (size_t column = 0; column < width; column += WIDTH(channels)) {                                       \
                size_t x = column < right ? column : right;                                                            \
                block_##channels(out + (ptrdiff_t)y * out_stride + channels * x, out_stride,                           \
                                 in + (ptrdiff_t)x * in_stride + channels * y, in_stride);                             \
            }                                                                                                          \
        }                                                                                                              \
    }
