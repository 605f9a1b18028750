/* BLAKE3's compression function of one block, the state by rows: each step of G (2.2) is done in the four columns, or
 * diagonals, at once (5.3). Included by a file for each instruction set, which defines TARGET and rotate_row. */

#define ORDER(i0, i1, i2, i3) ((i0) | (i1) << 2 | (i2) << 4 | (i3) << 6)
#define order(x, i0, i1, i2, i3) _mm_shuffle_epi32(x, ORDER(i0, i1, i2, i3))
/* Two elements of x, then two of y. */
#define pick(x, y, i0, i1, i2, i3)                                                                                     \
    _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(x), _mm_castsi128_ps(y), ORDER(i0, i1, i2, i3)))
/* The last element of y, behind the others of x. */
#define with_last(x, y) _mm_blend_epi16(x, y, 0xc0)

/* Half of G. */
#define MIX_ROWS(words, by_d, by_b)                                                                                    \
    a = _mm_add_epi32(_mm_add_epi32(a, words), b);                                                                     \
    d = rotate_row(_mm_xor_si128(d, a), by_d);                                                                         \
    c = _mm_add_epi32(c, d);                                                                                           \
    b = rotate_row(_mm_xor_si128(b, c), by_b);

TARGET static inline void compress_rows(const uint32_t cv[8], const uint8_t block[TP_BLAKE3_BLOCK], uint32_t size,
                                        uint64_t counter, uint32_t flags, uint32_t out[16]) {
    const __m128i cv0 = _mm_loadu_si128((const __m128i *)cv), cv4 = _mm_loadu_si128((const __m128i *)(cv + 4));
    __m128i a = cv0, b = cv4, c = _mm_loadu_si128((const __m128i *)tp_blake3_iv);
    __m128i d = _mm_setr_epi32((int)counter, (int)(counter >> 32), (int)size, (int)flags);

    /* The words of the columns' four G, those that they take first and those that they take second; and those of the
     * diagonals' four, where the last stands first. */
    __m128i w0 = _mm_loadu_si128((const __m128i *)block), w4 = _mm_loadu_si128((const __m128i *)(block + 16));
    __m128i w8 = _mm_loadu_si128((const __m128i *)(block + 32)), w12 = _mm_loadu_si128((const __m128i *)(block + 48));
    __m128i column0 = pick(w0, w4, 0, 2, 0, 2), column1 = pick(w0, w4, 1, 3, 1, 3);
    __m128i diagonal0 = order(pick(w8, w12, 0, 2, 0, 2), 3, 0, 1, 2);
    __m128i diagonal1 = order(pick(w8, w12, 1, 3, 1, 3), 3, 0, 1, 2);

    for (int round = 0;; round++) {
        MIX_ROWS(column0, 16, 12)
        MIX_ROWS(column1, 8, 7)
        /* Diagonals become columns: all rows turn but b, which is ready last. */
        a = order(a, 3, 0, 1, 2), c = order(c, 1, 2, 3, 0), d = order(d, 2, 3, 0, 1);
        MIX_ROWS(diagonal0, 16, 12)
        MIX_ROWS(diagonal1, 8, 7)
        a = order(a, 1, 2, 3, 0), c = order(c, 3, 0, 1, 2), d = order(d, 2, 3, 0, 1);
        if (round == 6) break;
        /* The permutation: of the words 0 2 4 6, 1 3 5 7, 14 8 10 12 and 15 9 11 13 … */
        __m128i next0 = order(pick(column0, column1, 1, 2, 1, 3), 0, 2, 3, 1);                         /* 2 3 7 4 */
        __m128i next1 = order(pick(column0, with_last(diagonal0, diagonal1), 3, 0, 2, 3), 0, 2, 1, 3); /* 6 10 0 13 */
        __m128i next2 = order(pick(diagonal1, with_last(column1, diagonal0), 0, 1, 0, 3), 0, 2, 3, 1); /* 15 1 12 9 */
        __m128i next3 =
            order(pick(diagonal0, _mm_unpackhi_epi32(diagonal1, column1), 1, 0, 0, 1), 0, 2, 3, 1); /* 8 11 5 14 */
        column0 = next0, column1 = next1, diagonal0 = next2, diagonal1 = next3;
    }
    __m128i *rows = (__m128i *)out;
    _mm_storeu_si128(rows, _mm_xor_si128(a, c));
    _mm_storeu_si128(rows + 1, _mm_xor_si128(b, d));
    _mm_storeu_si128(rows + 2, _mm_xor_si128(c, cv0));
    _mm_storeu_si128(rows + 3, _mm_xor_si128(d, cv4));
}
