/* Rows by vectors of LANES values. Included by a file for each instruction set, which defines TARGET, NAME(type),
 * HALVES where there are instructions for those, READ, the bytes that one step may read, and places,
 * places_of(channels, channel): where among the bytes of a step the values are converted(bytes, channels, places): they
 * as floats; scaled(values, scale, bias) store_floats(out, values), store_halves(out, values) */

/* The last pixels, behind which there are not bytes enough, are copied to where there are. */
#define ROW(type, element, store)                                                                                      \
    TARGET void NAME(type)(void *out, const uint8_t *row, size_t width, unsigned channels, unsigned channel,           \
                           float scale, float bias) {                                                                  \
        const places where = places_of(channels, channel);                                                             \
        element *to = out;                                                                                             \
        size_t bytes = width * channels, step = LANES * channels;                                                      \
        for (; bytes >= READ; to += LANES, row += step, bytes -= step)                                                 \
            store(to, scaled(converted(row, channels, where), scale, bias));                                           \
        uint8_t rest[2 * READ] = {0};                                                                                  \
        element last[READ + LANES];                                                                                    \
        memcpy(rest, row, bytes);                                                                                      \
        for (size_t x = 0; x < bytes / channels; x += LANES)                                                           \
            store(last + x, scaled(converted(rest + channels * x, channels, where), scale, bias));                     \
        memcpy(to, last, bytes / channels * sizeof *to);                                                               \
    }

ROW(floats, float, store_floats)
#if defined(HALVES)
ROW(halves, uint16_t, store_halves)
#endif
