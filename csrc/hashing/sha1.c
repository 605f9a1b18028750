/* Which variant of SHA-1 to use. */
#include "hashing/sha1.h"

/* FIPS 180-4, 5.3.1. */
static const uint32_t initial_state[TP_MOST_WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

#define VARIANT(name, one, lanes, least, many) {name, 5, true, initial_state, one, lanes, least, many}

const tp_md *tp_sha1_select(tp_cpu_features features) {
    static const tp_md portable = VARIANT("portable", tp_sha1_compress_portable, 1, 2, NULL);
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_md one = VARIANT("SHA-NI", tp_sha1_compress_x86, 1, 2, NULL);
    static const tp_md four = VARIANT("SSE4.1 x 4", tp_sha1_compress_portable, 4, 2, tp_sha1_compress_sse41);
    static const tp_md eight = VARIANT("AVX2 x 8", tp_sha1_compress_portable, 8, 2, tp_sha1_compress_avx2);
    static const tp_md one_or_eight = VARIANT("SHA-NI, AVX2 x 8", tp_sha1_compress_x86, 8, 5, tp_sha1_compress_avx2);
    static const tp_md sixteen = VARIANT("AVX-512 x 16", tp_sha1_compress_portable, 16, 2, tp_sha1_compress_avx512);
    static const tp_md one_or_sixteen =
        VARIANT("SHA-NI, AVX-512 x 16", tp_sha1_compress_x86, 16, 5, tp_sha1_compress_avx512);
    if (features.avx512) return features.sha ? &one_or_sixteen : &sixteen;
    if (features.avx2) return features.sha ? &one_or_eight : &eight;
    if (features.sse41) return features.sha ? &one : &four;
#elif defined(__aarch64__) || defined(_M_ARM64)
#if defined(TP_CPU_ARM_SHA)
    static const tp_md arm = VARIANT("ARMv8 SHA1", tp_sha1_compress_arm, 1, 2, NULL);
    if (features.sha) return &arm;
#endif
    static const tp_md four = VARIANT("NEON x 4", tp_sha1_compress_portable, 4, 2, tp_sha1_compress_neon);
    if (features.neon) return &four;
#endif
    (void)features;
    return &portable;
}
