/* Luma of 32 pixels at a time, with AVX2. */
#include "imaging/gray.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx2")
#define NAME(format) tp_gray_##format##_avx2
#define NARROWER(format) tp_gray_##format##_sse41
enum { BLOCK = 32 };

TARGET static inline __m256i load_two(const uint8_t *low, const uint8_t *high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)),
                                   _mm_loadu_si128((const __m128i *)high), 1);
}

/* Of eight pixels: the channels as words, green twice with half its weight, as 16 bits with a sign do not hold all. */
TARGET static inline __m256i luma(__m256i pixels, __m256i red_green, __m256i blue_green) {
    const __m256i half_green = _mm256_set1_epi32(TP_GRAY_GREEN / 2 << 16);
    __m256i a = _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, red_green),
                                  _mm256_or_si256(half_green, _mm256_set1_epi32(TP_GRAY_RED)));
    __m256i b = _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, blue_green),
                                  _mm256_or_si256(half_green, _mm256_set1_epi32(TP_GRAY_BLUE)));
    return _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(a, b), _mm256_set1_epi32(1 << 15)), 16);
}

/* The lower halves are of the first 16 pixels, the upper ones of the others: as packing wants it. */
TARGET static inline void store(uint8_t *out, const __m256i lumas[4]) {
    __m256i low = _mm256_packus_epi32(lumas[0], lumas[1]), high = _mm256_packus_epi32(lumas[2], lumas[3]);
    _mm256_storeu_si256((__m256i *)out, _mm256_packus_epi16(low, high));
}

/* Upper halves are loaded with four bytes before their pixels, not behind, where the block may end. */
TARGET static inline void luma_rgb(uint8_t *out, const uint8_t *in) {
    const __m256i red_green =
        _mm256_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1, /* and behind four bytes: */
                         4, -1, 5, -1, 7, -1, 8, -1, 10, -1, 11, -1, 13, -1, 14, -1);
    const __m256i blue_green = _mm256_setr_epi8(2, -1, 1, -1, 5, -1, 4, -1, 8, -1, 7, -1, 11, -1, 10, -1, /* */
                                                6, -1, 5, -1, 9, -1, 8, -1, 12, -1, 11, -1, 15, -1, 14, -1);
    __m256i lumas[4];
    for (int i = 0; i < 4; i++)
        lumas[i] = luma(load_two(in + 12 * i, in + 48 + 12 * i - 4), red_green, blue_green);
    store(out, lumas);
}

TARGET static inline void luma_rgbx(uint8_t *out, const uint8_t *in) {
    const __m256i red_green =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1));
    const __m256i blue_green =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(2, -1, 1, -1, 6, -1, 5, -1, 10, -1, 9, -1, 14, -1, 13, -1));
    __m256i lumas[4];
    for (int i = 0; i < 4; i++)
        lumas[i] = luma(load_two(in + 16 * i, in + 64 + 16 * i), red_green, blue_green);
    store(out, lumas);
}

#include "imaging/gray_rows.h"

#endif
