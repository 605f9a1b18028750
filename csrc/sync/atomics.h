/* Atomic operations on integers of 1, 2, 4 and 8 bytes in plain memory.
 *
 * All are sequentially consistent and wrap modulo the width. `at` must be aligned to the width. Values travel as the
 * low bits of a uint64_t; what comes back is zero-extended, and it is the caller who knows whether it has a sign.
 *
 * The memory is any object's: an int64 of an array, a byte of a bytearray. C11 gives _Atomic types no layout, but on
 * every compiler and machine supported here a lock-free one is laid out as its plain type, which is asserted below. */
#ifndef TP_ATOMICS_H
#define TP_ATOMICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert(sizeof(_Atomic uint8_t) == 1 && sizeof(_Atomic uint16_t) == 2, "an atomic integer has extra bytes");
_Static_assert(sizeof(_Atomic uint32_t) == 4 && sizeof(_Atomic uint64_t) == 8, "an atomic integer has extra bytes");
_Static_assert(ATOMIC_CHAR_LOCK_FREE == 2 && ATOMIC_SHORT_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2 &&
                   ATOMIC_LLONG_LOCK_FREE == 2,
               "an atomic integer needs a lock");

/* Whether `width` bytes are operated on by one instruction, or a loop of a few, without a lock. */
static inline bool tp_atomic_is_lock_free(size_t width) { return width == 1 || width == 2 || width == 4 || width == 8; }

/* Applies `operation` to `at` as the atomic type of `width` bytes. */
#define TP_ATOMIC_BY_WIDTH(operation, ...)                                                                             \
    switch (width) {                                                                                                   \
    case 1:                                                                                                            \
        return operation((_Atomic uint8_t *)at, ##__VA_ARGS__);                                                        \
    case 2:                                                                                                            \
        return operation((_Atomic uint16_t *)at, ##__VA_ARGS__);                                                       \
    case 4:                                                                                                            \
        return operation((_Atomic uint32_t *)at, ##__VA_ARGS__);                                                       \
    default:                                                                                                           \
        return operation((_Atomic uint64_t *)at, ##__VA_ARGS__);                                                       \
    }

static inline uint64_t tp_atomic_load(void *at, size_t width) { TP_ATOMIC_BY_WIDTH(atomic_load) }

/* These return the old value. */
static inline uint64_t tp_atomic_add(void *at, size_t width, uint64_t value) {
    TP_ATOMIC_BY_WIDTH(atomic_fetch_add, value)
}

static inline uint64_t tp_atomic_sub(void *at, size_t width, uint64_t value) {
    TP_ATOMIC_BY_WIDTH(atomic_fetch_sub, value)
}

static inline uint64_t tp_atomic_exchange(void *at, size_t width, uint64_t value) {
    TP_ATOMIC_BY_WIDTH(atomic_exchange, value)
}

/* Writes `replacement` if the value is `expected`; both count modulo the width. */
static inline uint64_t tp_atomic_compare_exchange(void *at, size_t width, uint64_t expected, uint64_t replacement) {
#define TP_COMPARE_EXCHANGE(bits)                                                                                      \
    do {                                                                                                               \
        uint##bits##_t old = (uint##bits##_t)expected;                                                                 \
        atomic_compare_exchange_strong((_Atomic uint##bits##_t *)at, &old, (uint##bits##_t)replacement);               \
        return old;                                                                                                    \
    } while (0)
    switch (width) {
    case 1:
        TP_COMPARE_EXCHANGE(8);
    case 2:
        TP_COMPARE_EXCHANGE(16);
    case 4:
        TP_COMPARE_EXCHANGE(32);
    default:
        TP_COMPARE_EXCHANGE(64);
    }
#undef TP_COMPARE_EXCHANGE
}

static inline void tp_atomic_store(void *at, size_t width, uint64_t value) {
    (void)tp_atomic_exchange(at, width, value); /* on x86-64 what a seq_cst store is compiled to, too */
}

#endif
