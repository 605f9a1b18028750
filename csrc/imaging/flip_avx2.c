/* Rows in reverse order, with AVX2. Three channels would gain nothing. */
#include "imaging/flip.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("avx2")
#define NAME(channels) tp_flip_##channels##_avx2
#define NARROWER(channels) tp_flip_##channels##_sse41
#define load(address) _mm256_loadu_si256((const __m256i *)(address))
#define store(address, v) _mm256_storeu_si256((__m256i *)(address), v)
#define order_of(bytes) _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(bytes)))
enum { SIZE = 32 };
typedef __m256i vector;

/* In each half, and the halves. */
TARGET static inline vector reordered(vector v, vector order) {
    return _mm256_permute4x64_epi64(_mm256_shuffle_epi8(v, order), 0x4e);
}

#include "imaging/flip_rows.h"

#endif
