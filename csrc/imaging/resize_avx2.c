/* Resizing with AVX2. */
#include "imaging/resize_variants.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx2")

enum { LANES = 2 };
typedef __m256i vector;

#define load_lane(address) _mm_loadu_si128((const __m128i *)(const void *)(address))
#define load(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define store(address, x) _mm256_storeu_si256((__m256i *)(void *)(address), x)
#define load_lanes(row, offsets)                                                                                       \
    _mm256_inserti128_si256(_mm256_castsi128_si256(load_lane((row) + (offsets)[0])), load_lane((row) + (offsets)[1]), 1)
#define everywhere(address) _mm256_broadcastsi128_si256(load_lane(address))
#define shuffle _mm256_shuffle_epi8
#define word _mm256_set1_epi32
#define descale(x) _mm256_srai_epi32(x, TP_WEIGHT_BITS)
#define pack(a, b, c, d) _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d))
#define pairs _mm256_hadd_epi32
#define in_order(x) _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
#define even(x) _mm256_and_si256(x, _mm256_set1_epi16(0xff))
#define odd(x) _mm256_srli_epi16(x, 8)
#define multiply_add _mm256_madd_epi16
#define add _mm256_add_epi32
#define high_half(x) _mm256_slli_epi32(x, 16)

TARGET static TP_ALWAYS_INLINE void store_lanes(uint8_t *address, vector x, size_t step) {
    _mm_storeu_si128((__m128i *)(void *)address, _mm256_castsi256_si128(x));
    _mm_storeu_si128((__m128i *)(void *)(address + step), _mm256_extracti128_si256(x, 1));
}

#include "imaging/resize_words.h"

#include "imaging/resize_lanes.h"

#include "imaging/resize_interleave.h"

const tp_resize_variant tp_resize_avx2 = VARIANT("AVX2");

#endif
