/* Columns become rows, with SSSE3. */
#include "imaging/turn.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "simd.h"

#include <string.h>

#define TARGET TP_TARGET("ssse3")
#define NAME(channels) tp_turn_##channels##_sse41
#define load(address) _mm_loadu_si128((const __m128i *)(address))
#define store(address, v) _mm_storeu_si128((__m128i *)(address), v)
#define store_half(address, v) _mm_storel_epi64((__m128i *)(address), v)
#define shuffle _mm_shuffle_epi8
#define join _mm_or_si128
#define skip _mm_srli_si128
#define low8 _mm_unpacklo_epi8
#define high8 _mm_unpackhi_epi8
#define low16 _mm_unpacklo_epi16
#define high16 _mm_unpackhi_epi16
#define low32 _mm_unpacklo_epi32
#define high32 _mm_unpackhi_epi32
typedef __m128i vector;

#include "imaging/turn_blocks.h"

#endif
