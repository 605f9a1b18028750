/* BLAKE3's compression function with the state by rows: each step of G (2.2) is done in the four columns, or diagonals,
 * at once (5.3). Included by a file for each instruction set, which says what a row is: four words, or those of several
 * states side by side. It defines TARGET, row and
 *
 *   add_row(x, y), xor_row(x, y), rotate_row(x, n) to the right, each word
 *   shuffle(x, elements), two_of_each(x, y, elements), high(x, y), with_last(x, y): as in SSE, and x with y's last word
 */
#define ELEMENTS(i0, i1, i2, i3) ((i0) | (i1) << 2 | (i2) << 4 | (i3) << 6)

/* Half of G. */
#define MIX_ROWS(words, by_d, by_b)                                                                                    \
    a = add_row(add_row(a, words), b);                                                                                 \
    d = rotate_row(xor_row(d, a), by_d);                                                                               \
    c = add_row(c, d);                                                                                                 \
    b = rotate_row(xor_row(b, c), by_b);

/* The seven rounds: from the state and the block's words to the output, whose second half is without the chaining
 * value's part. */
TARGET static TP_ALWAYS_INLINE void compress_rows(row state[4], row w0, row w4, row w8, row w12) {
    row a = state[0], b = state[1], c = state[2], d = state[3];
    /* What the columns' four G take first, and second; and the diagonals', where the last of the four comes first. */
    row column0 = two_of_each(w0, w4, ELEMENTS(0, 2, 0, 2));
    row column1 = two_of_each(w0, w4, ELEMENTS(1, 3, 1, 3));
    row diagonal0 = shuffle(two_of_each(w8, w12, ELEMENTS(0, 2, 0, 2)), ELEMENTS(3, 0, 1, 2));
    row diagonal1 = shuffle(two_of_each(w8, w12, ELEMENTS(1, 3, 1, 3)), ELEMENTS(3, 0, 1, 2));

    for (int round = 0;; round++) {
        MIX_ROWS(column0, 16, 12)
        MIX_ROWS(column1, 8, 7)
        /* Diagonals become columns: all rows turn but b, which is ready last. */
        a = shuffle(a, ELEMENTS(3, 0, 1, 2));
        c = shuffle(c, ELEMENTS(1, 2, 3, 0));
        d = shuffle(d, ELEMENTS(2, 3, 0, 1));
        MIX_ROWS(diagonal0, 16, 12)
        MIX_ROWS(diagonal1, 8, 7)
        a = shuffle(a, ELEMENTS(1, 2, 3, 0));
        c = shuffle(c, ELEMENTS(3, 0, 1, 2));
        d = shuffle(d, ELEMENTS(2, 3, 0, 1));
        if (round == 6) break;
        /* The permutation: 0 2 4 6, 1 3 5 7, 14 8 10 12, 15 9 11 13 become 2 3 7 4, 6 10 0 13, 15 1 12 9, 8 11 5 14. */
        row next0 = two_of_each(column0, column1, ELEMENTS(1, 2, 1, 3));
        row next1 = two_of_each(column0, with_last(diagonal0, diagonal1), ELEMENTS(3, 0, 2, 3));
        row next2 = two_of_each(diagonal1, with_last(column1, diagonal0), ELEMENTS(0, 1, 0, 3));
        row next3 = two_of_each(diagonal0, high(diagonal1, column1), ELEMENTS(1, 0, 0, 1));
        column0 = shuffle(next0, ELEMENTS(0, 2, 3, 1));
        column1 = shuffle(next1, ELEMENTS(0, 2, 1, 3));
        diagonal0 = shuffle(next2, ELEMENTS(0, 2, 3, 1));
        diagonal1 = shuffle(next3, ELEMENTS(0, 2, 3, 1));
    }
    state[0] = xor_row(a, c), state[1] = xor_row(b, d), state[2] = c, state[3] = d;
}
