/* Columns become rows, 8 pixels of three or four channels at a time, with AVX2. */
#include "imaging/turn.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx2")
#define NAME(channels) tp_turn_##channels##_avx2
#define SMALLER(channels) tp_turn_##channels##_sse41
#define SIDE(channels) 8

TARGET static inline __m256i load_two(const uint8_t *low, const uint8_t *high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)),
                                   _mm_loadu_si128((const __m128i *)high), 1);
}

/* Of four rows, in each half. */
TARGET static inline void transpose(__m256i r[4]) {
    __m256i low02 = _mm256_unpacklo_epi32(r[0], r[2]), high02 = _mm256_unpackhi_epi32(r[0], r[2]);
    __m256i low13 = _mm256_unpacklo_epi32(r[1], r[3]), high13 = _mm256_unpackhi_epi32(r[1], r[3]);
    r[0] = _mm256_unpacklo_epi32(low02, low13), r[1] = _mm256_unpackhi_epi32(low02, low13);
    r[2] = _mm256_unpacklo_epi32(high02, high13), r[3] = _mm256_unpackhi_epi32(high02, high13);
}

/* Four rows of eight pixels; three bytes as four. The right halves are loaded with four bytes of the left before. */
TARGET static inline void columns(__m256i r[4], const uint8_t *in, ptrdiff_t in_stride) {
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, /* */
                                            4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
    for (int i = 0; i < 4; i++)
        r[i] = _mm256_shuffle_epi8(load_two(in + i * in_stride, in + i * in_stride + 8), spread);
    transpose(r);
}

TARGET static inline void square_3(uint8_t *out, ptrdiff_t out_stride, const uint8_t *in, ptrdiff_t in_stride) {
    const __m256i to_start =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m256i to_end =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 2, 4));
    const __m256i behind =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, -1, -1, -1, -1));
    __m256i upper[4], lower[4];
    columns(upper, in, in_stride);
    columns(lower, in + 4 * in_stride, in_stride);
    for (int i = 0; i < 4; i++, out += out_stride) {
        uint8_t *right = out + 4 * out_stride;
        __m256i first = _mm256_or_si256(_mm256_shuffle_epi8(upper[i], to_start), _mm256_shuffle_epi8(lower[i], to_end));
        __m256i last = _mm256_shuffle_epi8(lower[i], behind);
        _mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(first));
        _mm_storel_epi64((__m128i *)(out + 16), _mm256_castsi256_si128(last));
        _mm_storeu_si128((__m128i *)right, _mm256_extracti128_si256(first, 1));
        _mm_storel_epi64((__m128i *)(right + 16), _mm256_extracti128_si256(last, 1));
    }
}

TARGET static inline void square_4(uint8_t *out, ptrdiff_t out_stride, const uint8_t *in, ptrdiff_t in_stride) {
    for (int half = 0; half < 2; half++, in += 16) {
        __m256i r[4];
        for (int i = 0; i < 4; i++)
            r[i] = load_two(in + i * in_stride, in + (i + 4) * in_stride);
        transpose(r);
        for (int i = 0; i < 4; i++, out += out_stride)
            _mm256_storeu_si256((__m256i *)out, r[i]);
    }
}

#include "imaging/turn_tiles.h"

TRANSPOSE(3)
TRANSPOSE(4)

#endif
