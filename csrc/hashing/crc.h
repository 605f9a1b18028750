/* CRC-32 (ISO 3309, ITU V.42, RFC 1952) and CRC-32C (RFC 3720). Thread-safe: nothing is shared but constants. */
#ifndef TP_CRC_H
#define TP_CRC_H

#include "cpu.h"

#include <stddef.h>
#include <stdint.h>

/* The CRC of what came before and `size` more bytes; `crc` is 0 at first. Without any bytes, `data` may be NULL. */
typedef uint32_t tp_crc_update(uint32_t crc, const uint8_t *data, size_t size);

typedef struct tp_crc_variant {
    const char *name;
    tp_crc_update *update;
} tp_crc_variant;

/* The fastest variants that the features allow. The only places that ask about the CPU. */
const tp_crc_variant *tp_crc32_select(tp_cpu_features features);
const tp_crc_variant *tp_crc32c_select(tp_cpu_features features);

/* What folding multiplies the halves of a block of 16 bytes by, to take it over d bytes: x^(8d + 63) and x^(8d - 1),
 * modulo the polynomial. Not x^(8d + 64) and x^8d: bits are reflected, as the CRCs have them, the lowest for the
 * highest power of x, and there a product of two times 64 bits has 127, which begin at the first of the block's 128. */
enum { TP_CRC_OVER_16, TP_CRC_OVER_32, TP_CRC_OVER_64, TP_CRC_OVER_128, TP_CRC_OVER_256, TP_CRC_DISTANCES };
typedef uint64_t tp_crc_factors[TP_CRC_DISTANCES][2];
extern const tp_crc_factors tp_crc32_factors, tp_crc32c_factors;

/* What reduces a block to its CRC-32, where no instruction does: x^96 modulo the polynomial, with x^32 for bit 0; x^96
 * divided by it, without a remainder, with x^64 for bit 0; the polynomial, with x^32 for bit 0. */
extern const uint64_t tp_crc32_reduction[3];

/* Whether the compiler offers ARM's CRC32 and PMULL instructions to one function. clang does from 16 on; before, only
 * with flags for the whole file, or where they are the platform's baseline, as on Apple's. */
#if defined(__aarch64__) && !defined(_MSC_VER)
#if !defined(__clang__) || __clang_major__ >= 16 || (defined(__ARM_FEATURE_CRC32) && defined(__ARM_FEATURE_CRYPTO))
#define TP_CRC_ARM
#endif
#endif

/* The variants. Each compiles on every architecture, to nothing where it has no place. */
tp_crc_update tp_crc32_portable, tp_crc32c_portable;
tp_crc_update tp_crc32_x86, tp_crc32c_x86;
tp_crc_update tp_crc32_avx512, tp_crc32c_avx512;
tp_crc_update tp_crc32_arm, tp_crc32c_arm;

#endif
