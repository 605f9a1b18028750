/* Rows in reverse order, with NEON. */
#include "imaging/flip.h"

#if defined(__aarch64__) || defined(_M_ARM64)

#include "simd.h"

#define TARGET
#define NAME(channels) tp_flip_##channels##_neon
#define NARROWER(channels) tp_flip_##channels##_portable
#define load vld1q_u8
#define store vst1q_u8
#define order_of load
#define reordered vqtbl1q_u8
enum { SIZE = 16 };
typedef uint8x16_t vector;

#include "imaging/flip_rows.h"

static const uint8_t order_3[16] = {13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0};
FLIP(3)

#endif
