/* Which variant of the CRCs to use, and the numbers that those share which fold. */
#include "hashing/crc.h"

const tp_crc_factors tp_crc32_factors = {
    [TP_CRC_OVER_16] = {0x65673b4600000000, 0x9ba54c6f00000000},
    [TP_CRC_OVER_32] = {0x9570d49500000000, 0x01b5fd1d00000000},
    [TP_CRC_OVER_64] = {0x653d982200000000, 0xcad38e8f00000000},
    [TP_CRC_OVER_128] = {0x7d657a1000000000, 0x7406fa9500000000},
    [TP_CRC_OVER_256] = {0x7cc8e1e700000000, 0x03f9f86300000000},
};

const tp_crc_factors tp_crc32c_factors = {
    [TP_CRC_OVER_16] = {0x3743f7bd00000000, 0x3171d43000000000},
    [TP_CRC_OVER_32] = {0x33ccbbbc00000000, 0xa2158b3400000000},
    [TP_CRC_OVER_64] = {0x1c19243b00000000, 0x75bba45b00000000},
    [TP_CRC_OVER_128] = {0x6577b24500000000, 0x7417153f00000000},
    [TP_CRC_OVER_256] = {0xe9a5d8be00000000, 0x1426a81500000000},
};

const uint64_t tp_crc32_reduction[3] = {0xccaa009e, 0xb4e5b025f7011641, 0x1db710641};

const tp_crc_variant *tp_crc32_select(tp_cpu_features features) {
    static const tp_crc_variant portable = {"portable", tp_crc32_portable};
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_crc_variant avx512 = {"VPCLMULQDQ", tp_crc32_avx512}, x86 = {"PCLMULQDQ", tp_crc32_x86};
    if (features.vpclmul) return &avx512;
    if (features.clmul) return &x86;
#elif defined(TP_CRC_ARM)
    static const tp_crc_variant arm = {"ARMv8 CRC32, PMULL", tp_crc32_arm};
    if (features.crc32 && features.pmull) return &arm;
#endif
    (void)features;
    return &portable;
}

const tp_crc_variant *tp_crc32c_select(tp_cpu_features features) {
    static const tp_crc_variant portable = {"portable", tp_crc32c_portable};
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_crc_variant avx512 = {"SSE4.2, VPCLMULQDQ", tp_crc32c_avx512};
    static const tp_crc_variant x86 = {"SSE4.2, PCLMULQDQ", tp_crc32c_x86};
    if (features.vpclmul) return &avx512;
    if (features.clmul) return &x86;
#elif defined(TP_CRC_ARM)
    static const tp_crc_variant arm = {"ARMv8 CRC32, PMULL", tp_crc32c_arm};
    if (features.crc32 && features.pmull) return &arm;
#endif
    (void)features;
    return &portable;
}
