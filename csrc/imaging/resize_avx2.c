/* Resizing with AVX2. */
#include "imaging/resize_variants.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx2")

enum { LANES = 2, PERMUTES = 0 };
typedef __m256i vector;
typedef __m256 floats;

#define load_lane(address) _mm_loadu_si128((const __m128i *)(const void *)(address))
#define load(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define store(address, x) _mm256_storeu_si256((__m256i *)(void *)(address), x)
#define load_lanes(row, offsets)                                                                                       \
    _mm256_inserti128_si256(_mm256_castsi128_si256(load_lane((row) + (offsets)[0])), load_lane((row) + (offsets)[1]), 1)
#define everywhere(address) _mm256_broadcastsi128_si256(load_lane(address))
#define shuffle _mm256_shuffle_epi8
#define permute shuffle /* of one lane or two it is not used */
#define word _mm256_set1_epi32
#define descale(x) _mm256_srai_epi32(x, TP_WEIGHT_BITS)
#define pack(a, b, c, d) _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d))
#define pairs _mm256_hadd_epi32
#define average _mm256_avg_epu8
#define in_order(x) _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
#define both _mm256_and_si256
#define either _mm256_or_si256
#define left _mm256_slli_epi32
#define right _mm256_srli_epi32
#define smaller_of _mm256_min_epi32
#define right16 _mm256_srli_epi16
#define add16 _mm256_add_epi16
#define multiply16 _mm256_mullo_epi16
#define zeros(x) _mm256_cmpeq_epi32(x, _mm256_setzero_si256())
#define to_floats _mm256_cvtepi32_ps
#define to_integers _mm256_cvttps_epi32
#define number _mm256_set1_ps
#define divide_floats _mm256_div_ps
#define multiply_floats _mm256_mul_ps
#define add_floats _mm256_add_ps
#define multiply_add _mm256_madd_epi16
#define add _mm256_add_epi32

TARGET static TP_ALWAYS_INLINE void store_lanes(uint8_t *address, vector x, size_t step) {
    __m128i *first = (__m128i *)(void *)address, *second = (__m128i *)(void *)(address + step);
    if (step > 8) {
        _mm_storeu_si128(first, _mm256_castsi256_si128(x));
        _mm_storeu_si128(second, _mm256_extracti128_si256(x, 1));
    } else {
        _mm_storel_epi64(first, _mm256_castsi256_si128(x));
        _mm_storel_epi64(second, _mm256_extracti128_si256(x, 1));
    }
}

#include "imaging/resize_words.h"

#include "imaging/resize_lanes.h"

#include "imaging/resize_alpha.h"
#include "imaging/resize_half.h"
#include "imaging/resize_interleave.h"

const tp_resize_variant tp_resize_avx2 = VARIANT("AVX2", 0.04);

#endif
