/* Rows in reverse order, with NEON. */
#include "imaging/flip.h"

#if defined(__aarch64__) || defined(_M_ARM64)

#include "simd.h"

#define TARGET
#define NAME(channels) tp_flip_##channels##_neon
#define load vld1q_u8
#define store vst1q_u8
#define shuffle vqtbl1q_u8
typedef uint8x16_t vector;

#include "imaging/flip_rows.h"

#endif
