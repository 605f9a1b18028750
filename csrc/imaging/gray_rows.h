/* Rows as blocks of pixels. Included by a file for each instruction set, which defines TARGET, NAME(format),
 * NARROWER(format) for rows of less than a block, BLOCK, and luma_rgb(out, in) and luma_rgbx(out, in) for one. */

/* The last block overlaps the one before as much as it must. */
#define ROW(format, channels)                                                                                          \
    TARGET void NAME(format)(uint8_t *out, const uint8_t *in, size_t width) {                                          \
        if (width < BLOCK) {                                                                                           \
            NARROWER(format)(out, in, width);                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        size_t last = width - BLOCK;                                                                                   \
        for (size_t x = 0; x < last; x += BLOCK)                                                                       \
            luma_##format(out + x, in + channels * x);                                                                 \
        luma_##format(out + last, in + channels * last);                                                               \
    }

ROW(rgb, 3)
ROW(rgbx, 4)
