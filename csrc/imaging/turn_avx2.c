/* Columns become rows, with AVX2: twice as many pixels wide as with SSSE3, but of three channels. */
#include "imaging/turn.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#include <string.h>

#define TARGET TP_TARGET("avx2")
#define NAME(channels) tp_turn_##channels##_avx2
#define NARROWER(channels) tp_turn_##channels##_sse41
#define WIDTH(channels) (channels == 1 ? 32 : channels == 2 ? 16 : 8)
#define HEIGHT(channels) (channels == 1 ? 16 : channels == 4 ? 4 : 8)
#define store(address, v) _mm256_storeu_si256((__m256i *)(address), v)
#define load_rows(in, in_stride, i, count) load_two(in + i * in_stride, in + (i + count) * in_stride)
#define low8 _mm256_unpacklo_epi8
#define high8 _mm256_unpackhi_epi8
#define low16 _mm256_unpacklo_epi16
#define high16 _mm256_unpackhi_epi16
#define low32 _mm256_unpacklo_epi32
#define high32 _mm256_unpackhi_epi32
typedef __m256i vector;

TARGET static inline vector load_two(const uint8_t *low, const uint8_t *high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)),
                                   _mm_loadu_si128((const __m128i *)high), 1);
}

#include "imaging/turn_tiles.h"

BLOCK(1, 16, low8, high8)
BLOCK(2, 8, low16, high16)
BLOCK(4, 4, low32, high32)

/* Four rows of eight pixels; three bytes as four. The right halves are loaded with four bytes of the left before. */
TARGET static inline void columns(vector rows[4], const uint8_t *in, ptrdiff_t in_stride) {
    const vector spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, /* */
                                           4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
    for (int i = 0; i < 4; i++)
        rows[i] = _mm256_shuffle_epi8(load_two(in + i * in_stride, in + i * in_stride + 8), spread);
    INTERLEAVE(rows, 4, low32, high32)
}

TARGET static inline void block_3(uint8_t *out, ptrdiff_t out_stride, const uint8_t *in, ptrdiff_t in_stride) {
    const vector to_start =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const vector to_end =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 2, 4));
    const vector behind =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, -1, -1, -1, -1));
    vector upper[4], lower[4];
    columns(upper, in, in_stride);
    columns(lower, in + 4 * in_stride, in_stride);
    for (int i = 0; i < 4; i++, out += out_stride) {
        uint8_t *right = out + 4 * out_stride;
        vector first = _mm256_or_si256(_mm256_shuffle_epi8(upper[i], to_start), _mm256_shuffle_epi8(lower[i], to_end));
        vector last = _mm256_shuffle_epi8(lower[i], behind);
        _mm_storeu_si128((__m128i *)out, _mm256_castsi256_si128(first));
        _mm_storel_epi64((__m128i *)(out + 16), _mm256_castsi256_si128(last));
        _mm_storeu_si128((__m128i *)right, _mm256_extracti128_si256(first, 1));
        _mm_storel_epi64((__m128i *)(right + 16), _mm256_extracti128_si256(last, 1));
    }
}

TRANSPOSE(1)
TRANSPOSE(2)
TRANSPOSE(3)
TRANSPOSE(4)

#endif
