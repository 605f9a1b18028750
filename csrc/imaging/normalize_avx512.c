/* Normalised values, 16 at a time, with AVX-512 VBMI. */
#include "imaging/normalize.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#include <string.h>

#define TARGET TP_TARGET("avx512f,avx512bw,avx512vl,avx512vbmi")
#define NAME(type) tp_normalize_##type##_avx512
enum { LANES = 16, READ = 64 };
typedef __m512i places;

TARGET static inline places places_of(unsigned channels, unsigned channel) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i pixels = _mm512_mullo_epi32(lanes, _mm512_set1_epi32((int)channels));
    return _mm512_add_epi32(pixels, _mm512_set1_epi32((int)channel));
}

TARGET static inline __m512 converted(const uint8_t *bytes, unsigned channels, places where) {
    const __mmask64 lowest_of_four = 0x1111111111111111;
    (void)channels;
    return _mm512_cvtepi32_ps(_mm512_maskz_permutexvar_epi8(lowest_of_four, where, _mm512_loadu_si512(bytes)));
}

TARGET static inline __m512 scaled(__m512 values, float scale, float bias) {
    return _mm512_add_ps(_mm512_mul_ps(values, _mm512_set1_ps(scale)), _mm512_set1_ps(bias));
}

TARGET static inline void store_halves(uint16_t *out, __m512 values) {
    _mm256_storeu_si256((__m256i *)out, _mm512_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

#define HALVES
#define store_floats _mm512_storeu_ps

#include "imaging/normalize_rows.h"

#endif
