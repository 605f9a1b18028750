/* Normalised values, 8 at a time, with AVX2, and F16C for halves. */
#include "imaging/normalize.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#include <string.h>

#define TARGET TP_TARGET("avx2,f16c")
#define NAME(type) tp_normalize_##type##_avx2
enum { LANES = 8, READ = 32 };
typedef __m256i places;

/* What is not picked is zero: the upper bytes. */
TARGET static inline places places_of(unsigned channels, unsigned channel) {
    int step = (int)channels;
    __m256i pixels = _mm256_setr_epi32(0, step, 2 * step, 3 * step, 0, step, 2 * step, 3 * step);
    return _mm256_or_si256(_mm256_add_epi32(pixels, _mm256_set1_epi32((int)channel)), _mm256_set1_epi32(-256));
}

TARGET static inline __m256 converted(const uint8_t *bytes, unsigned channels, places where) {
    __m128i low = _mm_loadu_si128((const __m128i *)bytes);
    __m128i high = _mm_loadu_si128((const __m128i *)(bytes + (size_t)4 * channels));
    __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    return _mm256_cvtepi32_ps(_mm256_shuffle_epi8(both, where));
}

TARGET static inline __m256 scaled(__m256 values, float scale, float bias) {
    return _mm256_add_ps(_mm256_mul_ps(values, _mm256_set1_ps(scale)), _mm256_set1_ps(bias));
}

TARGET static inline void store_halves(uint16_t *out, __m256 values) {
    _mm_storeu_si128((__m128i *)out, _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

#define HALVES
#define store_floats _mm256_storeu_ps

#include "imaging/normalize_rows.h"

#endif
