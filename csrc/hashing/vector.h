/* What the files vector_*.h have in common. A file for one instruction set includes one of them, and then a template
 * (*_lanes.h), which works on 32-bit words, the same one of each lane in a vector:
 *
 *   LANES, vector, TARGET: how many, their type, and what the compiler is told of a function
 *   MANY_REGISTERS: defined where there are 32 of that type, not 16
 *   add(x, y), xor2(x, y), xor3(x, y, z), rotate_left(x, n), rotate_right(x, n), shift_right(x, n), constant(word)
 *   choose(x, y, z): bits of y where x has ones, of z elsewhere; majority(x, y, z); xor_or_not(x, y, z): y ^ (x | ~z)
 *   load_block(w, blocks, big_endian): the 16 words of each lane's block of 64 bytes, of any alignment
 *   transpose(r): LANES vectors, whose rows become columns
 *   prefetch(address): of data that will be read
 *   load_states(s, states), store_states(states, s): 8 words of each lane; the second may spoil s */
#ifndef TP_VECTOR_H
#define TP_VECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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
