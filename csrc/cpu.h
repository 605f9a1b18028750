/* What the CPU can do, and how much of it may be used. Thread-safe: nothing here keeps state, the caller keeps the
 * answer. */
#ifndef TP_CPU_H
#define TP_CPU_H

#include <stdbool.h>

/* Levels of SIMD, each with all below it. On ARM64 NEON is the baseline, and there is only it or nothing: the levels of
 * x86-64 take nothing away there, nor does this one on x86-64. */
typedef enum tp_cpu_level {
    TP_CPU_PORTABLE,
    TP_CPU_SSE,    /* SSSE3 and SSE4.1; SSE4.2 with PCLMULQDQ, and the SHA extensions, where the CPU has them */
    TP_CPU_AVX2,   /* F16C where the CPU has it */
    TP_CPU_AVX512, /* VPCLMULQDQ and VNNI where the CPU has it */
    TP_CPU_NEON,   /* CRC32, PMULL and the SHA extensions where the CPU has them */
} tp_cpu_level;

typedef struct tp_cpu_features {
    bool sse41;        /* and SSSE3 */
    bool sha;          /* the instructions for SHA-1 and SHA-256, of x86-64 or of ARM64 */
    bool sha_overlaps; /* they are begun before the last has ended, so several messages in turn are faster than one */
    bool clmul;        /* PCLMULQDQ and SSE4.2 */
    bool avx2;
    bool avx512;  /* F, BW, VL */
    bool vpclmul; /* VPCLMULQDQ, and VBMI */
    bool vnni;    /* AVX512_VNNI, and VBMI */
    bool f16c;    /* conversions to half precision of 8 floats, with AVX2 */
    bool neon;
    bool crc32; /* of ARM64, as PMULL */
    bool pmull;
} tp_cpu_features;

/* Whether the compiler offers ARM's SHA instructions to one function. clang does from 16 on; before, only with a flag
 * for the whole file, or where they are the platform's baseline, as on Apple's. */
#if defined(__aarch64__) && !defined(_MSC_VER)
#if !defined(__clang__) || __clang_major__ >= 16 || defined(__ARM_FEATURE_SHA2) || defined(__ARM_FEATURE_CRYPTO)
#define TP_CPU_ARM_SHA
#endif
#endif

/* What the CPU and the operating system support. */
tp_cpu_features tp_cpu_detect(void);

/* The features without those above a level: none at all at TP_CPU_PORTABLE. */
tp_cpu_features tp_cpu_cap(tp_cpu_features features, tp_cpu_level level);

/* The highest level that the features reach. */
tp_cpu_level tp_cpu_level_of(tp_cpu_features features);

const char *tp_cpu_level_name(tp_cpu_level level);

/* The level of a name, exactly as tp_cpu_level_name writes it; false, and nothing written, when there is none. */
bool tp_cpu_level_named(const char *name, tp_cpu_level *level);

#endif
