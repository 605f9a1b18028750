/* Resizing with SSE4.1. */
#include "imaging/resize_variants.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("sse4.1,ssse3")

enum { LANES = 1, PERMUTES = 0 };
typedef __m128i vector;
typedef __m128 floats;

#define load(address) _mm_loadu_si128((const __m128i *)(const void *)(address))
#define store(address, x) _mm_storeu_si128((__m128i *)(void *)(address), x)
#define load_lanes(row, offsets) load((row) + (offsets)[0])
#define everywhere load
#define shuffle _mm_shuffle_epi8
#define permute shuffle /* of one lane or two it is not used */
#define word _mm_set1_epi32
#define descale(x) _mm_srai_epi32(x, TP_WEIGHT_BITS)
#define pack(a, b, c, d) _mm_packus_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d))
#define pairs _mm_hadd_epi32
#define average _mm_avg_epu8
#define in_order(x) (x)
#define both _mm_and_si128
#define either _mm_or_si128
#define left _mm_slli_epi32
#define right _mm_srli_epi32
#define smaller_of _mm_min_epi32
#define right16 _mm_srli_epi16
#define add16 _mm_add_epi16
#define multiply16 _mm_mullo_epi16
#define zeros(x) _mm_cmpeq_epi32(x, _mm_setzero_si128())
#define to_floats _mm_cvtepi32_ps
#define to_integers _mm_cvttps_epi32
#define number _mm_set1_ps
#define divide_floats _mm_div_ps
#define multiply_floats _mm_mul_ps
#define add_floats _mm_add_ps
#define multiply_add _mm_madd_epi16
#define add _mm_add_epi32

TARGET static TP_ALWAYS_INLINE void store_lanes(uint8_t *address, vector x, size_t step) {
    if (step > 8)
        store(address, x);
    else
        _mm_storel_epi64((__m128i *)(void *)address, x);
}

#include "imaging/resize_words.h"

#include "imaging/resize_lanes.h"

#include "imaging/resize_alpha.h"
#include "imaging/resize_half.h"
#include "imaging/resize_interleave.h"

const tp_resize_variant tp_resize_sse41 = VARIANT("SSE4.1", 0.06);

#endif
