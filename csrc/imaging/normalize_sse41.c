/* Normalised values, 4 at a time, with SSE4.1. */
#include "imaging/normalize.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#include <string.h>

#define TARGET TP_TARGET("sse4.1,ssse3")
#define NAME(type) tp_normalize_##type##_sse41
enum { LANES = 4, READ = 16 };
typedef __m128i places;

/* What is not picked is zero: the upper bytes. */
TARGET static inline places places_of(unsigned channels, unsigned channel) {
    int step = (int)channels;
    __m128i pixels = _mm_setr_epi32(0, step, 2 * step, 3 * step);
    return _mm_or_si128(_mm_add_epi32(pixels, _mm_set1_epi32((int)channel)), _mm_set1_epi32(-256));
}

TARGET static inline __m128 converted(const uint8_t *bytes, unsigned channels, places where) {
    (void)channels;
    return _mm_cvtepi32_ps(_mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes), where));
}

TARGET static inline __m128 scaled(__m128 values, float scale, float bias) {
    return _mm_add_ps(_mm_mul_ps(values, _mm_set1_ps(scale)), _mm_set1_ps(bias));
}

#define store_floats _mm_storeu_ps

#include "imaging/normalize_rows.h"

#endif
