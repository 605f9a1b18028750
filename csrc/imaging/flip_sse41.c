/* Rows in reverse order, with SSSE3. */
#include "imaging/flip.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#define TARGET TP_TARGET("ssse3")
#define NAME(channels) tp_flip_##channels##_sse41
#define NARROWER(channels) tp_flip_##channels##_portable
#define load(address) _mm_loadu_si128((const __m128i *)(address))
#define store(address, v) _mm_storeu_si128((__m128i *)(address), v)
#define order_of load
#define reordered _mm_shuffle_epi8
enum { SIZE = 16 };
typedef __m128i vector;

#include "imaging/flip_rows.h"

static const uint8_t order_3[16] = {13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0};
FLIP(3)

#endif
