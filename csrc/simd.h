/* What every file for one instruction set needs: its intrinsics, and how the compiler is told of them. */
#ifndef TP_SIMD_H
#define TP_SIMD_H

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#define prefetch(address) _mm_prefetch((const char *)(address), _MM_HINT_T0)
#elif defined(__aarch64__) || defined(_M_ARM64)
#include <arm_neon.h>
#if defined(_MSC_VER) && !defined(__clang__)
#define prefetch(address) __prefetch((const void *)(address))
#else
#define prefetch(address) __builtin_prefetch((const void *)(address))
#endif
#else
#define prefetch(address) ((void)(address))
#endif

/* The instruction sets that a function may use; MSVC lets every function use all. And what is to be
 * inlined however large it is. */
#if defined(_MSC_VER) && !defined(__clang__)
#define TP_TARGET(names)
#define TP_ALWAYS_INLINE __forceinline
#else
#define TP_TARGET(names) __attribute__((target(names)))
#define TP_ALWAYS_INLINE inline __attribute__((always_inline))
#endif

#endif
