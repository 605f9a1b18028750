/* Columns become rows, with NEON. */
#include "imaging/turn.h"

#if defined(__aarch64__) || defined(_M_ARM64)

#include "simd.h"

#include <string.h>

#define TARGET
#define NAME(channels) tp_turn_##channels##_neon
#define load vld1q_u8
#define store vst1q_u8
#define store_half(address, v) vst1_u8(address, vget_low_u8(v))
#define shuffle vqtbl1q_u8
#define join vorrq_u8
#define skip(v, bytes) vextq_u8(v, v, bytes)
#define low8 vzip1q_u8
#define high8 vzip2q_u8
#define AS(bits, zip, v, w) vreinterpretq_u8_u##bits(zip(vreinterpretq_u##bits##_u8(v), vreinterpretq_u##bits##_u8(w)))
#define low16(v, w) AS(16, vzip1q_u16, v, w)
#define high16(v, w) AS(16, vzip2q_u16, v, w)
#define low32(v, w) AS(32, vzip1q_u32, v, w)
#define high32(v, w) AS(32, vzip2q_u32, v, w)
typedef uint8x16_t vector;

#include "imaging/turn_blocks.h"

#endif
