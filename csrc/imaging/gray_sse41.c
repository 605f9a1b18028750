/* Luma of 16 pixels at a time, with SSE4.1. */
#include "imaging/gray.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("sse4.1,ssse3")
#define NAME(format) tp_gray_##format##_sse41
#define NARROWER(format) tp_gray_##format##_portable
enum { BLOCK = 16 };

/* Of four pixels: the channels as words, green twice with half its weight, as 16 bits with a sign do not hold all. */
TARGET static inline __m128i luma(__m128i pixels, __m128i red_green, __m128i blue_green) {
    const __m128i half_green = _mm_set1_epi32(TP_GRAY_GREEN / 2 << 16);
    __m128i a =
        _mm_madd_epi16(_mm_shuffle_epi8(pixels, red_green), _mm_or_si128(half_green, _mm_set1_epi32(TP_GRAY_RED)));
    __m128i b =
        _mm_madd_epi16(_mm_shuffle_epi8(pixels, blue_green), _mm_or_si128(half_green, _mm_set1_epi32(TP_GRAY_BLUE)));
    return _mm_srli_epi32(_mm_add_epi32(_mm_add_epi32(a, b), _mm_set1_epi32(1 << 15)), 16);
}

TARGET static inline void store(uint8_t *out, const __m128i lumas[4]) {
    __m128i low = _mm_packus_epi32(lumas[0], lumas[1]), high = _mm_packus_epi32(lumas[2], lumas[3]);
    _mm_storeu_si128((__m128i *)out, _mm_packus_epi16(low, high));
}

TARGET static inline void luma_rgb(uint8_t *out, const uint8_t *in) {
    const __m128i red_green = _mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1);
    const __m128i blue_green = _mm_setr_epi8(2, -1, 1, -1, 5, -1, 4, -1, 8, -1, 7, -1, 11, -1, 10, -1);
    const __m128i *from = (const __m128i *)in;
    __m128i a = _mm_loadu_si128(from), b = _mm_loadu_si128(from + 1), c = _mm_loadu_si128(from + 2);
    const __m128i lumas[4] = {
        luma(a, red_green, blue_green),
        luma(_mm_alignr_epi8(b, a, 12), red_green, blue_green),
        luma(_mm_alignr_epi8(c, b, 8), red_green, blue_green),
        luma(_mm_srli_si128(c, 4), red_green, blue_green),
    };
    store(out, lumas);
}

TARGET static inline void luma_rgbx(uint8_t *out, const uint8_t *in) {
    const __m128i red_green = _mm_setr_epi8(0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1);
    const __m128i blue_green = _mm_setr_epi8(2, -1, 1, -1, 6, -1, 5, -1, 10, -1, 9, -1, 14, -1, 13, -1);
    __m128i lumas[4];
    for (int i = 0; i < 4; i++)
        lumas[i] = luma(_mm_loadu_si128((const __m128i *)in + i), red_green, blue_green);
    store(out, lumas);
}

#include "imaging/gray_rows.h"

#endif
