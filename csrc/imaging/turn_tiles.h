/* Tiles as squares of SIDE(channels) pixels. Included by a file for each instruction set that defines this as well as
 * TARGET, NAME(channels), SMALLER(channels) for tiles with a shorter side, and behind transpose_1 and so on, for one
 * square each. */
#define TRANSPOSE(channels)                                                                                            \
    TARGET void NAME(channels)(uint8_t *out, ptrdiff_t out_stride, const uint8_t *in, ptrdiff_t in_stride,             \
                               size_t width, size_t height) {                                                          \
        const size_t side = SIDE(channels);                                                                            \
        if (width < side || height < side) {                                                                           \
            SMALLER(channels)(out, out_stride, in, in_stride, width, height);                                          \
            return;                                                                                                    \
        }                                                                                                              \
        for (size_t row = 0; row < height; row += side) {                                                              \
            size_t y = row < height - side ? row : height - side; /* the last overlaps the one before */               \
            for (size_t column = 0; column < width; column += side) {                                                  \
                size_t x = column < width - side ? column : width - side;                                              \
                square_##channels(out + (ptrdiff_t)y * out_stride + channels * x, out_stride,                          \
                                  in + (ptrdiff_t)x * in_stride + channels * y, in_stride);                            \
            }                                                                                                          \
        }                                                                                                              \
    }
