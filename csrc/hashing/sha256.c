/* Which variant of SHA-256 to use. */
#include "hashing/sha256.h"

/* FIPS 180-4, 5.3.3. */
static const uint32_t initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

#define VARIANT(name, one, lanes, least, many) {name, 8, true, initial_state, one, lanes, least, many}

const tp_md *tp_sha256_select(tp_cpu_features features) {
    static const tp_md portable = VARIANT("portable", tp_sha256_compress_portable, 1, 2, NULL);
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_md three = VARIANT("SHA-NI x 3", tp_sha256_compress_x86, 3, 2, tp_sha256_compress_x86_three);
    static const tp_md one_or_sixteen =
        VARIANT("SHA-NI, AVX-512 x 16", tp_sha256_compress_x86, 16, 8, tp_sha256_compress_avx512);
    static const tp_md sixteen = VARIANT("AVX-512 x 16", tp_sha256_compress_portable, 16, 2, tp_sha256_compress_avx512);
    static const tp_md eight = VARIANT("AVX2 x 8", tp_sha256_compress_portable, 8, 2, tp_sha256_compress_avx2);
    static const tp_md four = VARIANT("SSE4.1 x 4", tp_sha256_compress_portable, 4, 2, tp_sha256_compress_sse41);
    /* What is fastest where several can be had: of AMD, whose SHA unit begins an instruction before the last has ended,
     * three messages in turn (4.1 GB/s, and 3.3 with AVX-512); of Intel, AVX-512 (3.7, and 2.1 in turn). */
    if (features.sha) return features.avx512 && !features.sha_overlaps ? &one_or_sixteen : &three;
    if (features.avx512) return &sixteen;
    if (features.avx2) return &eight;
    if (features.sse41) return &four;
#elif defined(__aarch64__) || defined(_M_ARM64)
#if defined(TP_CPU_ARM_SHA)
    static const tp_md arm = VARIANT("ARMv8 SHA2", tp_sha256_compress_arm, 1, 2, NULL);
    if (features.sha) return &arm;
#endif
    static const tp_md four = VARIANT("NEON x 4", tp_sha256_compress_portable, 4, 2, tp_sha256_compress_neon);
    if (features.neon) return &four;
#endif
    (void)features;
    return &portable;
}
