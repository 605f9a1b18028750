/* Folding ("Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009). Included by a file
 * for each instruction set, which has defined
 *
 *   vector, TARGET: a type of one or more blocks of 16 bytes, and what the compiler is told of the functions
 *   OVER_1, OVER_2, OVER_4: the distances of as many vectors
 *   load(bytes): of any alignment
 *   fold(early, factors, late): each block of the early vector taken over a distance (see crc.h), added to the late one
 *   leaving(x, n): the first n bytes of x, behind zeros; n is 1 or more, and not all
 *   slide(x, next, n): the others, and behind them the last n bytes of next
 */

/* Memory is read so far ahead: of the distances up to 8 KiB the one that is best, or nearly so, wherever the data is.
 * It made reading beyond the caches 1.4 times as fast with vectors of one block, and up to 1.2 times with vectors of
 * four. */
enum { WIDTH = sizeof(vector), AHEAD = 3072, CACHE_LINE = 64 };

/* A vector that leaves the same remainder as x and then the last n bytes of next, 1 … WIDTH - 1. */
TARGET static inline vector append(const tp_crc_factors factors, vector x, vector next, size_t n) {
    return fold(leaving(x, n), factors[OVER_1], slide(x, next, n));
}

/* A vector that leaves the same remainder as x and the `size` bytes after it. */
TARGET static inline vector fold_bytes(const tp_crc_factors factors, vector x, const uint8_t *data, size_t size) {
    if (size >= 3 * WIDTH) {
        vector a = x, b = load(data), c = load(data + WIDTH), d = load(data + 2 * WIDTH);
        for (data += 3 * WIDTH, size -= 3 * WIDTH; size >= 4 * WIDTH; data += 4 * WIDTH, size -= 4 * WIDTH) {
            if (size >= AHEAD + 4 * WIDTH) {
                for (size_t line = 0; line < 4 * WIDTH; line += CACHE_LINE)
                    prefetch(data + AHEAD + line);
            }
            a = fold(a, factors[OVER_4], load(data));
            b = fold(b, factors[OVER_4], load(data + WIDTH));
            c = fold(c, factors[OVER_4], load(data + 2 * WIDTH));
            d = fold(d, factors[OVER_4], load(data + 3 * WIDTH));
        }
        c = fold(a, factors[OVER_2], c);
        d = fold(b, factors[OVER_2], d);
        x = fold(c, factors[OVER_1], d);
    }
    for (; size >= WIDTH; data += WIDTH, size -= WIDTH)
        x = fold(x, factors[OVER_1], load(data));
    /* What is loaded ends with the data; it begins in what x has already. */
    return size ? append(factors, x, load(data + size - WIDTH), size) : x;
}
