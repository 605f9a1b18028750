/* The blurs over 64 lines at once, with AVX-512 and VNNI. */
#include "imaging/blur.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx512f,avx512bw,avx512vnni")

enum { LANES = 64 };
typedef __m512i vector;

#define load(from) _mm512_loadu_si512(from)
#define store(to, v) _mm512_storeu_si512(to, v)
#define interleave_low _mm512_unpacklo_epi8
#define interleave_high _mm512_unpackhi_epi8
#define interleave_words_low _mm512_unpacklo_epi16
#define interleave_words_high _mm512_unpackhi_epi16
#define zero _mm512_setzero_si512
#define all_ints _mm512_set1_epi32
#define all_words _mm512_set1_epi16
#define add_words _mm512_add_epi16
#define multiply_bytes _mm512_maddubs_epi16
#define multiply_high _mm512_mulhi_epu16
#define shift_words_right(v, bits) _mm512_srl_epi16(v, _mm_cvtsi32_si128(bits))
#define multiply_pairs _mm512_madd_epi16
#define add_products(sum, a, b) _mm512_dpwssd_epi32(sum, a, b)
#define add_ints _mm512_add_epi32
#define shift_left _mm512_slli_epi32
#define shift_right _mm512_srli_epi32
#define pack_ints _mm512_packus_epi32
#define pack_words _mm512_packus_epi16

/* 16 bytes of four rows, `step` bytes from each to the next. */
TARGET static inline vector load_pieces(const uint8_t *from, size_t step) {
    vector v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)from));
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(from + step)), 1);
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(from + 2 * step)), 2);
    return _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(from + 3 * step)), 3);
}

TARGET static inline void store_pieces(uint8_t *to, size_t step, vector v) {
    _mm_storeu_si128((__m128i *)to, _mm512_castsi512_si128(v));
    _mm_storeu_si128((__m128i *)(to + step), _mm512_extracti32x4_epi32(v, 1));
    _mm_storeu_si128((__m128i *)(to + 2 * step), _mm512_extracti32x4_epi32(v, 2));
    _mm_storeu_si128((__m128i *)(to + 3 * step), _mm512_extracti32x4_epi32(v, 3));
}

#include "imaging/blur_x86.h"

#include "imaging/blur_lanes.h"

/* Of few rows most lanes would be idle. */
TARGET int tp_blur_rows_avx512(const void *work, size_t begin, size_t end) {
    const tp_blur *blur = work;
    if (blur->in.height <= LANES / 2) return tp_blur_rows_avx2(work, begin, end);
    return blur_rows(work, begin, end);
}

TARGET int tp_blur_columns_avx512(const void *work, size_t begin, size_t end) { return blur_columns(work, begin, end); }

#endif
