/* Luma of 64 pixels at a time, with AVX-512 VNNI and VBMI. */
#include "imaging/gray.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")
#define NAME(format) tp_gray_##format##_avx512
#define NARROWER(format) tp_gray_##format##_avx2
enum { BLOCK = 64 };

/* Bytes with a sign, of the weights of red, of half of green twice, and of blue: the upper ones rounded up where the
 * lower are negative. */
#define UPPER(weight) (((weight) + 128) >> 8)
#define LOWER(weight) ((weight) - 256 * UPPER(weight))
#define FOUR(part)                                                                                                     \
    _mm512_set1_epi32((int)((uint32_t)(uint8_t)part(TP_GRAY_BLUE) << 24 |                                              \
                            (uint32_t)(uint8_t)part(TP_GRAY_GREEN / 2) * 0x010100 | (uint8_t)part(TP_GRAY_RED)))

/* Of sixteen pixels as red, green, green, blue. */
TARGET static inline __m512i luma(__m512i pixels) {
    __m512i upper = _mm512_dpbusd_epi32(_mm512_set1_epi32(1 << 7), pixels, FOUR(UPPER));
    return _mm512_srli_epi32(_mm512_dpbusd_epi32(_mm512_slli_epi32(upper, 8), pixels, FOUR(LOWER)), 16);
}

/* Packing interleaves the lanes of four vectors. */
TARGET static inline void store(uint8_t *out, __m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i lumas = _mm512_packus_epi16(_mm512_packus_epi32(luma(a), luma(b)), _mm512_packus_epi32(luma(c), luma(d)));
    _mm512_storeu_si512(out, _mm512_permutexvar_epi32(order, lumas));
}

/* The last 16 pixels are the upper bytes of the last 64. */
TARGET static inline void luma_rgb(uint8_t *out, const uint8_t *in) {
    const __m512i sixteen = _mm512_set1_epi8(16);
    const __m512i pixel = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i first = _mm512_mullo_epi32(pixel, _mm512_set1_epi32(0x03030303));
    const __m512i order = _mm512_add_epi8(first, _mm512_set1_epi32(0x02010100));
    store(out, _mm512_permutexvar_epi8(order, _mm512_loadu_si512(in)),
          _mm512_permutexvar_epi8(order, _mm512_loadu_si512(in + 48)),
          _mm512_permutexvar_epi8(order, _mm512_loadu_si512(in + 96)),
          _mm512_permutexvar_epi8(_mm512_add_epi8(order, sixteen), _mm512_loadu_si512(in + 128)));
}

TARGET static inline void luma_rgbx(uint8_t *out, const uint8_t *in) {
    const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 4, 5, 5, 6, 8, 9, 9, 10, 12, 13, 13, 14));
    store(out, _mm512_shuffle_epi8(_mm512_loadu_si512(in), order),
          _mm512_shuffle_epi8(_mm512_loadu_si512(in + 64), order),
          _mm512_shuffle_epi8(_mm512_loadu_si512(in + 128), order),
          _mm512_shuffle_epi8(_mm512_loadu_si512(in + 192), order));
}

#include "imaging/gray_rows.h"

#endif
