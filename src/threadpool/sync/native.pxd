# Atomics for Cython code of other packages, without the interpreter: `from threadpool.sync cimport native`.
#
# Public: other packages compile this file into theirs, so it includes no header of ours. Everything may be called from
# any thread at any time, attached or not; nothing raises. A pointer must be aligned to what it points at, and the memory
# must stay where it is. Operations are sequentially consistent, integers wrap, and floats are compared and combined as
# `threadpool.sync.atomics` says. See examples/cython_kernel.

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

ctypedef fused number:
    int8_t
    uint8_t
    int16_t
    uint16_t
    int32_t
    uint32_t
    int64_t
    uint64_t
    float
    double

ctypedef fused integer:
    int8_t
    uint8_t
    int16_t
    uint16_t
    int32_t
    uint32_t
    int64_t
    uint64_t

ctypedef fused waitable:
    int32_t
    uint32_t
    int64_t
    uint64_t

# What the functions below are made of. These numbers never change.
cdef enum: ADD = 0, SUB = 1, EXCHANGE = 2, MAXIMUM = 3, MINIMUM = 4, AND = 5, OR = 6, XOR = 7
cdef enum: INT8 = 0, UINT8 = 1, INT16 = 2, UINT16 = 3, INT32 = 4, UINT32 = 5, INT64 = 6, UINT64 = 7, FLOAT32 = 8, FLOAT64 = 9

cdef uint64_t apply(int operation, int element, void *at, uint64_t value) noexcept nogil
cdef uint64_t load_bits(const void *at, size_t width) noexcept nogil
cdef uint64_t compare_exchange_bits(void *at, size_t width, uint64_t expected, uint64_t replacement) noexcept nogil
cdef int wait_for_bits(const void *at, size_t width, uint64_t expected, double seconds) noexcept nogil

# What `wait` returns.
cdef enum: OK = 0, NOT_EQUAL = 1, TIMED_OUT = 2

# Wakes `count` of those that wait at `at`, threads and event loops, first come first served: how many.
cdef size_t notify(const void *at, size_t count) noexcept nogil

cdef enum: ALL = -1  # as a count


cdef inline int element_of(number *at) noexcept nogil:
    if number is int8_t:
        return INT8
    elif number is uint8_t:
        return UINT8
    elif number is int16_t:
        return INT16
    elif number is uint16_t:
        return UINT16
    elif number is int32_t:
        return INT32
    elif number is uint32_t:
        return UINT32
    elif number is int64_t:
        return INT64
    elif number is uint64_t:
        return UINT64
    elif number is float:
        return FLOAT32
    else:
        return FLOAT64


cdef inline uint64_t to_bits(number value) noexcept nogil:
    cdef uint64_t bits = 0
    if number is float:
        memcpy(&bits, &value, sizeof(value))
    elif number is double:
        memcpy(&bits, &value, sizeof(value))
    else:
        bits = <uint64_t>value
    return bits


cdef inline number from_bits(number *kind, uint64_t bits) noexcept nogil:
    cdef number value
    if number is float:
        memcpy(&value, &bits, sizeof(value))
    elif number is double:
        memcpy(&value, &bits, sizeof(value))
    else:
        value = <number>bits
    return value


# These return the old value.

cdef inline number add(number *at, number value) noexcept nogil:
    return from_bits(at, apply(ADD, element_of(at), at, to_bits(value)))


cdef inline number sub(number *at, number value) noexcept nogil:
    return from_bits(at, apply(SUB, element_of(at), at, to_bits(value)))


cdef inline number exchange(number *at, number value) noexcept nogil:
    return from_bits(at, apply(EXCHANGE, element_of(at), at, to_bits(value)))


cdef inline number maximum(number *at, number value) noexcept nogil:
    return from_bits(at, apply(MAXIMUM, element_of(at), at, to_bits(value)))


cdef inline number minimum(number *at, number value) noexcept nogil:
    return from_bits(at, apply(MINIMUM, element_of(at), at, to_bits(value)))


cdef inline integer and_(integer *at, integer value) noexcept nogil:
    return from_bits(at, apply(AND, element_of(at), at, to_bits(value)))


cdef inline integer or_(integer *at, integer value) noexcept nogil:
    return from_bits(at, apply(OR, element_of(at), at, to_bits(value)))


cdef inline integer xor(integer *at, integer value) noexcept nogil:
    return from_bits(at, apply(XOR, element_of(at), at, to_bits(value)))


cdef inline number compare_exchange(number *at, number expected, number replacement) noexcept nogil:
    return from_bits(at, compare_exchange_bits(at, sizeof(number), to_bits(expected), to_bits(replacement)))


cdef inline number load(number *at) noexcept nogil:
    return from_bits(at, load_bits(at, sizeof(number)))


cdef inline void store(number *at, number value) noexcept nogil:
    apply(EXCHANGE, element_of(at), at, to_bits(value))


# Waits until somebody notifies, if `at` has that value: OK, NOT_EQUAL or TIMED_OUT. `seconds`: INFINITY is for ever.
# Nobody looks at signals meanwhile; let go of the interpreter first. Other processes are not woken, nor do they wake.
cdef inline int wait(waitable *at, waitable value, double seconds) noexcept nogil:
    return wait_for_bits(at, sizeof(waitable), to_bits(value), seconds)
