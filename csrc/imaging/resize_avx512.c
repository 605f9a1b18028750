/* Resizing with AVX-512 and its multiplication of bytes (VNNI). */
#include "imaging/resize_variants.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx512f,avx512bw,avx512vl,avx512vnni,avx512vbmi")
#define DIGITS TP_BYTES

enum { LANES = 4, PLANES = 3, PERMUTES = 1 };
typedef __m512i vector;
typedef __m512 floats;

#define load_lane(address) _mm_loadu_si128((const __m128i *)(const void *)(address))
#define load(address) _mm512_loadu_si512((const void *)(address))
#define store(address, x) _mm512_storeu_si512((void *)(address), x)
#define everywhere(address) _mm512_broadcast_i32x4(load_lane(address))
#define shuffle _mm512_shuffle_epi8
#define permute(x, control) _mm512_permutexvar_epi8(control, x)
#define word _mm512_set1_epi32
#define descale(x) _mm512_srai_epi32(x, TP_WEIGHT_BITS)
#define pack(a, b, c, d) _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d))
#define words_of(x, y, which)                                                                                          \
    _mm512_castps_si512(_mm512_shuffle_ps(_mm512_castsi512_ps(x), _mm512_castsi512_ps(y), which))
#define pairs(x, y) _mm512_add_epi32(words_of(x, y, 0x88), words_of(x, y, 0xdd))
#define both _mm512_and_si512
#define either _mm512_or_si512
#define left _mm512_slli_epi32
#define right _mm512_srli_epi32
#define smaller_of _mm512_min_epi32
#define right16 _mm512_srli_epi16
#define add16 _mm512_add_epi16
#define multiply16 _mm512_mullo_epi16
#define zeros(x) _mm512_maskz_set1_epi32(_mm512_testn_epi32_mask(x, x), -1)
#define to_floats _mm512_cvtepi32_ps
#define to_integers _mm512_cvttps_epi32
#define number _mm512_set1_ps
#define divide_floats _mm512_div_ps
#define multiply_floats _mm512_mul_ps
#define add_floats _mm512_add_ps
#define average _mm512_avg_epu8
#define in_order(x) _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), x)

/* A lane of memory is put into its place without a shuffle. */
TARGET static TP_ALWAYS_INLINE vector load_lanes(const uint8_t *row, const size_t *offsets) {
    vector x = _mm512_castsi128_si512(load_lane(row + offsets[0]));
    x = _mm512_inserti32x4(x, load_lane(row + offsets[1]), 1);
    x = _mm512_inserti32x4(x, load_lane(row + offsets[2]), 2);
    return _mm512_inserti32x4(x, load_lane(row + offsets[3]), 3);
}

TARGET static TP_ALWAYS_INLINE void store_lanes(uint8_t *address, vector x, size_t step) {
    if (step == 4) x = _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), x);
    if (step == 6) {
        static const uint16_t words[32] = {0, 1, 2, 8, 9, 10, 16, 17, 18, 24, 25, 26};
        x = _mm512_permutexvar_epi16(load(words), x);
    }
    if (step == 8) x = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 0, 0, 0, 0), x);
    if (step == 12)
        x = _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0), x);
    _mm512_mask_storeu_epi8(address, UINT64_MAX >> (64 - 4 * step), x);
}

typedef struct sums {
    vector plane[PLANES];
} sums;

TARGET static TP_ALWAYS_INLINE sums begin_sums(vector first) { return (sums){{first, word(0), word(0)}}; }

TARGET static TP_ALWAYS_INLINE void add_products(sums *s, vector x, const uint8_t *weights) {
    for (int i = 0; i < PLANES; i++)
        s->plane[i] = _mm512_dpbusd_epi32(s->plane[i], x, load(weights + i * sizeof(vector)));
}

TARGET static TP_ALWAYS_INLINE vector total(const sums *s) {
    vector high = _mm512_add_epi32(_mm512_slli_epi32(s->plane[2], 8), s->plane[1]);
    return _mm512_add_epi32(_mm512_slli_epi32(high, 8), s->plane[0]);
}

#include "imaging/resize_lanes.h"

#include "imaging/resize_alpha.h"
#include "imaging/resize_half.h"
#include "imaging/resize_interleave.h"

const tp_resize_variant tp_resize_avx512 = VARIANT("AVX-512 VNNI", 0.022);

#endif
