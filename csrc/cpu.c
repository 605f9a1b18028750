#include "cpu.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) || defined(_M_X64)

/* clang-cl has GNU C's assembly as well, and there _xgetbv would need a target of its own. */
#if defined(_MSC_VER) && !defined(__clang__)
#define MSVC_INTRINSICS
#include <intrin.h>
#else
#include <cpuid.h>
#endif

typedef struct registers {
    uint32_t eax, ebx, ecx, edx;
} registers;

static registers cpuid(uint32_t leaf) {
    registers r = {0, 0, 0, 0};
#if defined(MSVC_INTRINSICS)
    int values[4];
    __cpuid(values, 0);
    if ((uint32_t)values[0] < leaf) return r;
    __cpuidex(values, (int)leaf, 0);
    r = (registers){(uint32_t)values[0], (uint32_t)values[1], (uint32_t)values[2], (uint32_t)values[3]};
#else
    if ((uint32_t)__get_cpuid_max(0, NULL) < leaf) return r;
    __cpuid_count(leaf, 0, r.eax, r.ebx, r.ecx, r.edx);
#endif
    return r;
}

/* Which registers the operating system saves: without that, a CPU's wide ones are not to be used. */
static uint64_t saved_state(void) {
#if defined(MSVC_INTRINSICS)
    return _xgetbv(0);
#else
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
#endif
}

static bool has(uint32_t bits, int bit) { return bits >> bit & 1; }

tp_cpu_features tp_cpu_detect(void) {
    registers zero = cpuid(0), one = cpuid(1), seven = cpuid(7);
    bool osxsave = has(one.ecx, 27);
    uint64_t saved = osxsave ? saved_state() : 0;
    bool ymm = (saved & 0x06) == 0x06, zmm = (saved & 0xe6) == 0xe6;
    tp_cpu_features features = {0};
    features.sse41 = has(one.ecx, 9) && has(one.ecx, 19);
    features.clmul = features.sse41 && has(one.ecx, 20) && has(one.ecx, 1);
    features.sha = features.sse41 && has(seven.ebx, 29);
    /* "AuthenticAMD", from Zen on */
    features.sha_overlaps = features.sha && zero.ebx == 0x68747541 && zero.edx == 0x69746e65 && zero.ecx == 0x444d4163;
    features.avx2 = features.sse41 && ymm && has(one.ecx, 28) && has(seven.ebx, 5);
    features.avx512 = features.avx2 && zmm && has(seven.ebx, 16) && has(seven.ebx, 30) && has(seven.ebx, 31);
    features.f16c = features.avx2 && has(one.ecx, 29);
    features.vnni = features.avx512 && has(seven.ecx, 11) && has(seven.ecx, 1);
    features.vpclmul = features.avx512 && features.clmul && has(seven.ecx, 10) && has(seven.ecx, 1);
    return features;
}

#elif (defined(__aarch64__) && !defined(__AARCH64EB__)) || defined(_M_ARM64)

#if defined(__linux__)
#include <sys/auxv.h>
#endif

tp_cpu_features tp_cpu_detect(void) {
    tp_cpu_features features = {.neon = true};
#if defined(__linux__)
    const unsigned long sha = 1ul << 5 | 1ul << 6; /* HWCAP_SHA1, HWCAP_SHA2 */
    const unsigned long pmull = 1ul << 4, crc32 = 1ul << 7;
    unsigned long capabilities = getauxval(AT_HWCAP);
    features.sha = (capabilities & sha) == sha;
    features.pmull = capabilities & pmull;
    features.crc32 = capabilities & crc32;
#elif defined(__APPLE__)
    features.sha = features.crc32 = features.pmull = true;
#endif
    return features;
}

#else

tp_cpu_features tp_cpu_detect(void) { return (tp_cpu_features){0}; }

#endif

tp_cpu_features tp_cpu_cap(tp_cpu_features features, tp_cpu_level level) {
    if (level < TP_CPU_AVX512) features.avx512 = features.vpclmul = features.vnni = false;
    if (level < TP_CPU_AVX2) features.avx2 = features.f16c = false;
    if (level < TP_CPU_SSE) features = (tp_cpu_features){0};
    return features;
}

tp_cpu_level tp_cpu_level_of(tp_cpu_features features) {
    if (features.neon) return TP_CPU_NEON;
    if (features.avx512) return TP_CPU_AVX512;
    if (features.avx2) return TP_CPU_AVX2;
    return features.sse41 ? TP_CPU_SSE : TP_CPU_PORTABLE;
}

static const char *const names[] = {"portable", "sse", "avx2", "avx512", "neon"};

const char *tp_cpu_level_name(tp_cpu_level level) { return names[level]; }

bool tp_cpu_level_named(const char *name, tp_cpu_level *level) {
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            *level = (tp_cpu_level)i;
            return true;
        }
    }
    return false;
}
