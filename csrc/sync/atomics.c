/* The tables of operations. An operation is written once, for one type and one element; its loop over many is made of
 * it by the compiler. */
#include "atomics.h"

#include <math.h>
#include <string.h>

/* An atomic operation waits for what is written to before the next one begins, so what comes soon is fetched early. */
#define AHEAD 16
#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address, 1)
#else
#define PREFETCH(address) ((void)(address))
#endif

#define DEFINE_MANY(function, type)                                                                                    \
    static void many_##function(void *start, const size_t *indices, const uint64_t *values, size_t step,               \
                                size_t count) {                                                                        \
        type *elements = start;                                                                                        \
        for (size_t i = 0; i < count; i++) {                                                                           \
            if (i + AHEAD < count) PREFETCH(&elements[indices[i + AHEAD]]);                                            \
            function(&elements[indices[i]], values[i * step]);                                                         \
        }                                                                                                              \
    }

/* What is one instruction on x86-64, and on ARM64 since 8.1. */
#define DEFINE_FETCH(operation, atomic_operation, name, type, bits)                                                    \
    static uint64_t operation##_##name(void *at, uint64_t value) {                                                     \
        return atomic_operation((_Atomic uint##bits##_t *)at, (uint##bits##_t)value);                                  \
    }                                                                                                                  \
    DEFINE_MANY(operation##_##name, type)

/* The others are tried until no other thread has come between. Nothing is written where nothing changes. */
#define DEFINE_UPDATE(operation, name, type, bits)                                                                     \
    static uint64_t operation##_##name(void *at, uint64_t value) {                                                     \
        type mine = name##_of_bits((uint##bits##_t)value);                                                             \
        uint##bits##_t old = atomic_load((_Atomic uint##bits##_t *)at), replacement;                                   \
        do {                                                                                                           \
            replacement = bits_of_##name(operation##_of_##name(name##_of_bits(old), mine));                            \
            if (replacement == old) break;                                                                             \
        } while (!atomic_compare_exchange_weak((_Atomic uint##bits##_t *)at, &old, replacement));                      \
        return old;                                                                                                    \
    }                                                                                                                  \
    DEFINE_MANY(operation##_##name, type)

#define DEFINE_COMMON(name, type, bits)                                                                                \
    static inline type name##_of_bits(uint##bits##_t from) {                                                           \
        type value;                                                                                                    \
        memcpy(&value, &from, sizeof value);                                                                           \
        return value;                                                                                                  \
    }                                                                                                                  \
    static inline uint##bits##_t bits_of_##name(type from) {                                                           \
        uint##bits##_t value;                                                                                          \
        memcpy(&value, &from, sizeof value);                                                                           \
        return value;                                                                                                  \
    }                                                                                                                  \
    DEFINE_FETCH(exchange, atomic_exchange, name, type, bits)                                                          \
    DEFINE_UPDATE(maximum, name, type, bits)                                                                           \
    DEFINE_UPDATE(minimum, name, type, bits)

#define DEFINE_INTEGER(name, type, bits)                                                                               \
    static inline type maximum_of_##name(type a, type b) { return a > b ? a : b; }                                     \
    static inline type minimum_of_##name(type a, type b) { return a < b ? a : b; }                                     \
    DEFINE_COMMON(name, type, bits)                                                                                    \
    DEFINE_FETCH(add, atomic_fetch_add, name, type, bits)                                                              \
    DEFINE_FETCH(sub, atomic_fetch_sub, name, type, bits)                                                              \
    DEFINE_FETCH(and, atomic_fetch_and, name, type, bits)                                                              \
    DEFINE_FETCH(or, atomic_fetch_or, name, type, bits)                                                                \
    DEFINE_FETCH(xor, atomic_fetch_xor, name, type, bits)

/* A sum with a NaN is a NaN. */
#define DEFINE_FLOAT(name, type, bits)                                                                                 \
    static inline type add_of_##name(type a, type b) { return a + b; }                                                 \
    static inline type sub_of_##name(type a, type b) { return a - b; }                                                 \
    static inline type maximum_of_##name(type a, type b) {                                                             \
        return isunordered(a, b) ? a + b : a > b || (a == b && signbit(b)) ? a : b;                                    \
    }                                                                                                                  \
    static inline type minimum_of_##name(type a, type b) {                                                             \
        return isunordered(a, b) ? a + b : a < b || (a == b && signbit(a)) ? a : b;                                    \
    }                                                                                                                  \
    DEFINE_COMMON(name, type, bits)                                                                                    \
    DEFINE_UPDATE(add, name, type, bits)                                                                               \
    DEFINE_UPDATE(sub, name, type, bits)

DEFINE_INTEGER(int8, int8_t, 8)
DEFINE_INTEGER(uint8, uint8_t, 8)
DEFINE_INTEGER(int16, int16_t, 16)
DEFINE_INTEGER(uint16, uint16_t, 16)
DEFINE_INTEGER(int32, int32_t, 32)
DEFINE_INTEGER(uint32, uint32_t, 32)
DEFINE_INTEGER(int64, int64_t, 64)
DEFINE_INTEGER(uint64, uint64_t, 64)
DEFINE_FLOAT(float32, float, 32)
DEFINE_FLOAT(float64, double, 64)

#define INTEGERS(function)                                                                                             \
    [TP_INT8] = function##_int8, [TP_UINT8] = function##_uint8, [TP_INT16] = function##_int16,                         \
    [TP_UINT16] = function##_uint16, [TP_INT32] = function##_int32, [TP_UINT32] = function##_uint32,                   \
    [TP_INT64] = function##_int64, [TP_UINT64] = function##_uint64
#define ALL(function) INTEGERS(function), [TP_FLOAT32] = function##_float32, [TP_FLOAT64] = function##_float64

tp_apply *const tp_operations[TP_OPERATIONS][TP_ELEMENTS] = {
    [TP_ADD] = {ALL(add)},         [TP_SUB] = {ALL(sub)},         [TP_EXCHANGE] = {ALL(exchange)},
    [TP_MAXIMUM] = {ALL(maximum)}, [TP_MINIMUM] = {ALL(minimum)}, [TP_AND] = {INTEGERS(and)},
    [TP_OR] = {INTEGERS(or)},      [TP_XOR] = {INTEGERS(xor)},
};

tp_apply_many *const tp_bulk_operations[TP_OPERATIONS][TP_ELEMENTS] = {
    [TP_ADD] = {ALL(many_add)},         [TP_SUB] = {ALL(many_sub)},         [TP_EXCHANGE] = {ALL(many_exchange)},
    [TP_MAXIMUM] = {ALL(many_maximum)}, [TP_MINIMUM] = {ALL(many_minimum)}, [TP_AND] = {INTEGERS(many_and)},
    [TP_OR] = {INTEGERS(many_or)},      [TP_XOR] = {INTEGERS(many_xor)},
};
