/* The blurs over 16 lines at once, with SSE4.1. */
#include "imaging/blur.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("sse4.1")

enum { LANES = 16 };
typedef __m128i vector;

#define load(from) _mm_loadu_si128((const __m128i *)(from))
#define store(to, v) _mm_storeu_si128((__m128i *)(to), v)
#define load_pieces(from, step) load(from)
#define store_pieces(to, step, v) store(to, v)
#define interleave_low _mm_unpacklo_epi8
#define interleave_high _mm_unpackhi_epi8
#define interleave_words_low _mm_unpacklo_epi16
#define interleave_words_high _mm_unpackhi_epi16
#define zero _mm_setzero_si128
#define all_ints _mm_set1_epi32
#define all_words _mm_set1_epi16
#define add_words _mm_add_epi16
#define multiply_bytes _mm_maddubs_epi16
#define multiply_high _mm_mulhi_epu16
#define shift_words_right(v, bits) _mm_srl_epi16(v, _mm_cvtsi32_si128(bits))
#define multiply_pairs _mm_madd_epi16
#define add_products(sum, a, b) add_ints(sum, multiply_pairs(a, b))
#define add_ints _mm_add_epi32
#define shift_left _mm_slli_epi32
#define shift_right _mm_srli_epi32
#define pack_ints _mm_packus_epi32
#define pack_words _mm_packus_epi16

#include "imaging/blur_x86.h"

#include "imaging/blur_lanes.h"

TARGET int tp_blur_rows_sse41(const void *work, size_t begin, size_t end) { return blur_rows(work, begin, end); }

TARGET int tp_blur_columns_sse41(const void *work, size_t begin, size_t end) { return blur_columns(work, begin, end); }

#endif
