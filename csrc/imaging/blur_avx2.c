/* The blurs over 32 lines at once, with AVX2. */
#include "imaging/blur.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx2")

enum { LANES = 32 };
typedef __m256i vector;

#define load(from) _mm256_loadu_si256((const __m256i *)(from))
#define store(to, v) _mm256_storeu_si256((__m256i *)(to), v)
#define interleave_low _mm256_unpacklo_epi8
#define interleave_high _mm256_unpackhi_epi8
#define interleave_words_low _mm256_unpacklo_epi16
#define interleave_words_high _mm256_unpackhi_epi16
#define zero _mm256_setzero_si256
#define all_ints _mm256_set1_epi32
#define all_words _mm256_set1_epi16
#define add_words _mm256_add_epi16
#define multiply_bytes _mm256_maddubs_epi16
#define multiply_high _mm256_mulhi_epu16
#define shift_words_right(v, bits) _mm256_srl_epi16(v, _mm_cvtsi32_si128(bits))
#define multiply_pairs _mm256_madd_epi16
#define add_products(sum, a, b) add_ints(sum, multiply_pairs(a, b))
#define add_ints _mm256_add_epi32
#define shift_left _mm256_slli_epi32
#define shift_right _mm256_srli_epi32
#define pack_ints _mm256_packus_epi32
#define pack_words _mm256_packus_epi16

/* 16 bytes of a row and of another, `step` bytes on. */
TARGET static inline vector load_pieces(const uint8_t *from, size_t step) {
    return _mm256_loadu2_m128i((const __m128i *)(from + step), (const __m128i *)from);
}

TARGET static inline void store_pieces(uint8_t *to, size_t step, vector v) {
    _mm256_storeu2_m128i((__m128i *)(to + step), (__m128i *)to, v);
}

#include "imaging/blur_x86.h"

#include "imaging/blur_lanes.h"

TARGET int tp_blur_rows_avx2(const void *work, size_t begin, size_t end) { return blur_rows(work, begin, end); }

TARGET int tp_blur_columns_avx2(const void *work, size_t begin, size_t end) { return blur_columns(work, begin, end); }

#endif
