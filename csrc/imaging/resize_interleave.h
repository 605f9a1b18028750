/* Rows into quads as they are, 16 bytes at a time, on x86-64. */
TARGET static void interleave(const uint8_t *const rows[TP_QUAD], size_t bytes, uint8_t *quad) {
    for (size_t i = 0; i < bytes; i += TP_LANE) {
        if (bytes - i < TP_LANE) i = bytes - TP_LANE; /* some of them a second time */
        __m128i r[TP_QUAD];
        for (int row = 0; row < TP_QUAD; row++)
            r[row] = _mm_loadu_si128((const __m128i *)(const void *)(rows[row] + i));
        __m128i low01 = _mm_unpacklo_epi8(r[0], r[1]), high01 = _mm_unpackhi_epi8(r[0], r[1]);
        __m128i low23 = _mm_unpacklo_epi8(r[2], r[3]), high23 = _mm_unpackhi_epi8(r[2], r[3]);
        __m128i *to = (__m128i *)(void *)(quad + TP_QUAD * i);
        _mm_storeu_si128(to, _mm_unpacklo_epi16(low01, low23));
        _mm_storeu_si128(to + 1, _mm_unpackhi_epi16(low01, low23));
        _mm_storeu_si128(to + 2, _mm_unpacklo_epi16(high01, high23));
        _mm_storeu_si128(to + 3, _mm_unpackhi_epi16(high01, high23));
    }
}
