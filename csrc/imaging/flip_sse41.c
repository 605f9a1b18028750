/* Rows in reverse order, with SSSE3. */
#include "imaging/flip.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("ssse3")
#define NAME(channels) tp_flip_##channels##_sse41
#define load(address) _mm_loadu_si128((const __m128i *)(address))
#define store(address, v) _mm_storeu_si128((__m128i *)(address), v)
#define shuffle _mm_shuffle_epi8
typedef __m128i vector;

#include "imaging/flip_rows.h"

#endif
