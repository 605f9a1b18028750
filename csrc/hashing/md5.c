/* Which variant of MD5 to use. */
#include "hashing/md5.h"

/* RFC 1321, 3.3. */
static const uint32_t initial_state[TP_MOST_WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

#define VARIANT(name, lanes, many) {name, 4, false, initial_state, tp_md5_compress_portable, lanes, 2, many}

const tp_md *tp_md5_select(tp_cpu_features features) {
    static const tp_md portable = VARIANT("portable", 1, NULL);
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_md four = VARIANT("SSE4.1 x 4", 4, tp_md5_compress_sse41);
    static const tp_md eight = VARIANT("AVX2 x 8", 8, tp_md5_compress_avx2);
    static const tp_md sixteen = VARIANT("AVX-512 x 16", 16, tp_md5_compress_avx512);
    if (features.avx512) return &sixteen;
    if (features.avx2) return &eight;
    if (features.sse41) return &four;
#elif defined(__aarch64__) || defined(_M_ARM64)
    static const tp_md four = VARIANT("NEON x 4", 4, tp_md5_compress_neon);
    if (features.neon) return &four;
#endif
    (void)features;
    return &portable;
}
