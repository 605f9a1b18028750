/* Means of two by two pixels, which is what the box filter makes at half the size, in the vectors of resize_lanes.h. A
 * file for one instruction set defines before: average(x, y): of bytes, the higher of two. */

/* Of a lane every other pixel. */
static const uint8_t every_other[TP_MOST_CHANNELS][TP_LANE] = {
    {0, 2, 4, 6, 8, 10, 12, 14},
    {0, 1, 4, 5, 8, 9, 12, 13},
    {0, 1, 2, 6, 7, 8},
    {0, 1, 2, 3, 8, 9, 10, 11},
};

TARGET static TP_ALWAYS_INLINE vector load_pixels(const uint8_t *row, unsigned channels) {
    static const size_t twelve[4] = {0, 12, 24, 36}; /* bytes: four pixels */
    return channels == 3 ? load_lanes(row, twelve) : load(row);
}

TARGET static TP_ALWAYS_INLINE void halve_at(const uint8_t *upper, const uint8_t *lower, unsigned channels,
                                             uint8_t *to) {
    vector above = average(load_pixels(upper, channels), load_pixels(upper + channels, channels));
    vector below = average(load_pixels(lower, channels), load_pixels(lower + channels, channels));
    vector means = shuffle(average(above, below), everywhere(every_other[channels - 1]));
    store_lanes(to, means, channels == 3 ? 6 : 8);
}

TARGET static TP_ALWAYS_INLINE void halve_channels(const uint8_t *upper, const uint8_t *lower, size_t width,
                                                   unsigned channels, uint8_t *row) {
    /* The last two are left: a vector reads a little more than it needs, and may write two bytes more. */
    const size_t step = LANES * (channels == 3 ? 2 : 8 / channels), rest = 2;
    size_t x = 0;
    if (width >= step + rest)
        for (; x < width - rest; x += step) {
            if (width - rest - x < step) x = width - rest - step; /* some of them a second time */
            halve_at(upper + 2 * x * channels, lower + 2 * x * channels, channels, row + x * channels);
        }
    tp_halve(upper + 2 * x * channels, lower + 2 * x * channels, width - x, channels, row + x * channels);
}

TARGET static void halve(const uint8_t *upper, const uint8_t *lower, size_t width, unsigned channels, uint8_t *row) {
    if (channels == 1) halve_channels(upper, lower, width, 1, row);
    if (channels == 2) halve_channels(upper, lower, width, 2, row);
    if (channels == 3) halve_channels(upper, lower, width, 3, row);
    if (channels == 4) halve_channels(upper, lower, width, 4, row);
}
