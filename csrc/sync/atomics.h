/* Atomic operations on single elements in plain memory: integers of 1, 2, 4 and 8 bytes, and both sizes of float.
 *
 * All are sequentially consistent. `at` must be aligned to the element's size. Values travel as the bits of an element
 * in the low bits of a uint64_t; what comes back has zeros above them. Integers wrap modulo their width.
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

/* The numbers of these and of the operations stand in src/threadpool/sync/native.pxd too, and are compiled into other
 * packages. */
typedef enum tp_element {
    TP_INT8,
    TP_UINT8,
    TP_INT16,
    TP_UINT16,
    TP_INT32,
    TP_UINT32,
    TP_INT64,
    TP_UINT64,
    TP_FLOAT32,
    TP_FLOAT64,
    TP_ELEMENTS
} tp_element;

static inline bool tp_element_is_float(tp_element element) { return element >= TP_FLOAT32; }

static inline size_t tp_element_size(tp_element element) {
    return (size_t)1 << (tp_element_is_float(element) ? element - TP_FLOAT32 + 2 : element / 2);
}

/* What takes one value and returns the old one. */
typedef enum tp_operation {
    TP_ADD,
    TP_SUB,
    TP_EXCHANGE,
    /* As IEEE 754-2019 has maximum and minimum of floats: NaN if either is, and -0 is less than +0. Integers that wrap
     * are compared afterwards. */
    TP_MAXIMUM,
    TP_MINIMUM,
    /* Of integers only; no function stands in the tables for floats. */
    TP_AND,
    TP_OR,
    TP_XOR,
    TP_OPERATIONS
} tp_operation;

typedef uint64_t tp_apply(void *at, uint64_t value);
extern tp_apply *const tp_operations[TP_OPERATIONS][TP_ELEMENTS];

/* The same on many elements of the array at `start`, each atomic by itself: those at `indices`, with values[0] for all
 * if `step` is 0, and one for each if it is 1. */
typedef void tp_apply_many(void *start, const size_t *indices, const uint64_t *values, size_t step, size_t count);
extern tp_apply_many *const tp_bulk_operations[TP_OPERATIONS][TP_ELEMENTS];

/* Whether `width` bytes are operated on by one instruction, or a loop of a few, without a lock. */
static inline bool tp_atomic_is_lock_free(size_t width) { return width == 1 || width == 2 || width == 4 || width == 8; }

static inline uint64_t tp_atomic_load(void *at, size_t width) {
    switch (width) {
    case 1:
        return atomic_load((_Atomic uint8_t *)at);
    case 2:
        return atomic_load((_Atomic uint16_t *)at);
    case 4:
        return atomic_load((_Atomic uint32_t *)at);
    default:
        return atomic_load((_Atomic uint64_t *)at);
    }
}

/* An exchange: on x86-64 a store is compiled to one, and emulators of ARM64 are known to let the loads after its store
 * come first. */
static inline void tp_atomic_store(void *at, size_t width, uint64_t value) {
    switch (width) {
    case 1:
        atomic_exchange((_Atomic uint8_t *)at, (uint8_t)value);
        break;
    case 2:
        atomic_exchange((_Atomic uint16_t *)at, (uint16_t)value);
        break;
    case 4:
        atomic_exchange((_Atomic uint32_t *)at, (uint32_t)value);
        break;
    default:
        atomic_exchange((_Atomic uint64_t *)at, value);
    }
}

/* Writes `replacement` if the element has the bits of `expected`, and returns what it was: floats are compared by their
 * bits, so a NaN equals itself and -0 is not +0. */
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

#endif
