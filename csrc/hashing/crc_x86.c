/* The CRCs with the carry-less multiplication of x86-64, and CRC-32C with the instruction made for it (Intel SDM,
 * PCLMULQDQ, CRC32). */
#include "hashing/crc.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("pclmul,sse4.2")

typedef __m128i vector;
enum { OVER_1 = TP_CRC_OVER_16, OVER_2 = TP_CRC_OVER_32, OVER_4 = TP_CRC_OVER_64 };

TARGET static inline vector load(const uint8_t *bytes) { return _mm_loadu_si128((const __m128i *)bytes); }

TARGET static inline vector fold(vector early, const uint64_t factors[2], vector late) {
    vector k = _mm_loadu_si128((const __m128i *)factors);
    vector first = _mm_clmulepi64_si128(early, k, 0x00), second = _mm_clmulepi64_si128(early, k, 0x11);
    return _mm_xor_si128(_mm_xor_si128(first, late), second);
}

/* For each byte, where in x it comes from when n bytes leave, plus 0x70: 0x80 and more is behind the end. The shuffle
 * looks at the low four bits, and where the highest is set it takes 0. */
TARGET static inline vector sources(size_t n) {
    const vector from_0 = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm_add_epi8(from_0, _mm_set1_epi8((char)(0x70 + n)));
}

TARGET static inline vector leaving(vector x, size_t n) {
    return _mm_shuffle_epi8(x, _mm_xor_si128(sources(n), _mm_set1_epi8((char)0x80)));
}

TARGET static inline vector slide(vector x, vector next, size_t n) {
    return _mm_blendv_epi8(_mm_shuffle_epi8(x, sources(n)), next, sources(n));
}

#include "hashing/crc_fold.h"
#include "hashing/crc_step.h"

/* A block that leaves the same remainder as 16 bytes or more. */
TARGET static inline vector fold_all(const tp_crc_factors factors, uint32_t crc, const uint8_t *data, size_t size) {
    vector x = _mm_xor_si128(load(data), _mm_cvtsi32_si128((int)~crc));
    return fold_bytes(factors, x, data + WIDTH, size - WIDTH);
}

/* The remainder of a block times x^32 (Barrett's reduction). */
TARGET static inline uint32_t reduce(vector block) {
    vector k = _mm_loadu_si128((const __m128i *)tp_crc32_reduction);
    vector polynomial = _mm_cvtsi64_si128((int64_t)tp_crc32_reduction[2]);
    /* The first half times the remainder of x^96, and the second times x^32: 96 bits. */
    vector product = _mm_xor_si128(_mm_clmulepi64_si128(block, k, 0x00), _mm_srli_si128(block, 8));
    /* By the polynomial, the first 64 of them decide the quotient, and the last 32 are what stays. */
    vector quotient = _mm_clmulepi64_si128(product, k, 0x10);
    vector multiple = _mm_clmulepi64_si128(quotient, polynomial, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(product, multiple), 2);
}

TARGET uint32_t tp_crc32_x86(uint32_t crc, const uint8_t *data, size_t size) {
    if (size < WIDTH) return tp_crc32_portable(crc, data, size);
    return ~reduce(fold_all(tp_crc32_factors, crc, data, size));
}

DEFINE_STEPS(crc32c_steps, _mm_crc32_u64, _mm_crc32_u32, _mm_crc32_u16, _mm_crc32_u8)

TARGET uint32_t tp_crc32c_x86(uint32_t crc, const uint8_t *data, size_t size) {
    if (size < 4 * WIDTH) return ~crc32c_steps(~crc, data, size); /* in less time than folding */
    uint8_t block[WIDTH];
    _mm_storeu_si128((__m128i *)block, fold_all(tp_crc32c_factors, crc, data, size));
    return ~crc32c_steps(0, block, sizeof block);
}

#endif
