/* The CRCs with the carry-less multiplication of four blocks at once (Intel SDM, VPCLMULQDQ). */
#include "hashing/crc.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx512f,avx512bw,avx512vl,avx512vbmi,vpclmulqdq,pclmul")

typedef __m512i vector;
enum { OVER_1 = TP_CRC_OVER_64, OVER_2 = TP_CRC_OVER_128, OVER_4 = TP_CRC_OVER_256 };
enum { XOR3 = 0x96 };

TARGET static inline vector load(const uint8_t *bytes) { return _mm512_loadu_si512(bytes); }

TARGET static inline vector fold(vector early, const uint64_t factors[2], vector late) {
    vector k = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)factors));
    vector first = _mm512_clmulepi64_epi128(early, k, 0x00), second = _mm512_clmulepi64_epi128(early, k, 0x11);
    return _mm512_ternarylogic_epi64(first, second, late, XOR3);
}

/* For each byte, where in x it comes from when n bytes leave. The permutation looks at the low six bits: behind the end
 * it begins again, so what leaves and what stays only differ in their mask. */
TARGET static inline vector sources(size_t n) {
    static const uint8_t from_0[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                       32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                       48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    return _mm512_add_epi8(load(from_0), _mm512_set1_epi8((char)n));
}

TARGET static inline vector leaving(vector x, size_t n) {
    return _mm512_maskz_permutexvar_epi8(~(UINT64_MAX >> n), sources(n), x);
}

TARGET static inline vector slide(vector x, vector next, size_t n) {
    return _mm512_mask_permutexvar_epi8(next, UINT64_MAX >> n, sources(n), x);
}

#include "hashing/crc_fold.h"

/* A block that leaves the same remainder as the four. */
TARGET static inline __m128i fold_blocks(const tp_crc_factors factors, vector x) {
    __m128i over_16 = _mm_loadu_si128((const __m128i *)factors[TP_CRC_OVER_16]);
    __m256i over_32 = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)factors[TP_CRC_OVER_32]));
    __m256i early = _mm512_castsi512_si256(x), late = _mm512_extracti64x4_epi64(x, 1);
    __m256i two = _mm256_ternarylogic_epi64(_mm256_clmulepi64_epi128(early, over_32, 0x00),
                                            _mm256_clmulepi64_epi128(early, over_32, 0x11), late, XOR3);
    __m128i first = _mm256_castsi256_si128(two), second = _mm256_extracti128_si256(two, 1);
    return _mm_ternarylogic_epi64(_mm_clmulepi64_si128(first, over_16, 0x00),
                                  _mm_clmulepi64_si128(first, over_16, 0x11), second, XOR3);
}

/* From how many bytes on it pays to fold four blocks at once; and to have the vectors in step with the cache's lines,
 * mostly because every 4 KiB one would lie in two pages. */
enum { WIDE = 4 * WIDTH, ALIGNED = 1024 };

/* `narrow` is the variant for single blocks: it takes what is short, and the block that leaves the remainder. */
TARGET static inline uint32_t update(const tp_crc_factors factors, tp_crc_update *narrow, uint32_t crc,
                                     const uint8_t *data, size_t size) {
    if (size < WIDE) return narrow(crc, data, size);
    vector x = _mm512_xor_si512(load(data), _mm512_castsi128_si512(_mm_cvtsi32_si128((int)~crc)));
    size_t step = (WIDTH - (uintptr_t)data % WIDTH) % WIDTH, done = WIDTH;
    if (step && size >= ALIGNED) {
        x = append(factors, x, load(data + step), step);
        done += step;
    }
    uint8_t block[16];
    _mm_storeu_si128((__m128i *)block, fold_blocks(factors, fold_bytes(factors, x, data + done, size - done)));
    return narrow(UINT32_MAX, block, sizeof block); /* whose complement is 0, which adds nothing to the block */
}

TARGET uint32_t tp_crc32_avx512(uint32_t crc, const uint8_t *data, size_t size) {
    return update(tp_crc32_factors, tp_crc32_x86, crc, data, size);
}

TARGET uint32_t tp_crc32c_avx512(uint32_t crc, const uint8_t *data, size_t size) {
    return update(tp_crc32c_factors, tp_crc32c_x86, crc, data, size);
}

#endif
