"""Atomics for Cython code of other packages: see native.pxd."""

from cpython.pycapsule cimport PyCapsule_GetPointer

from threadpool.sync._parking cimport *

from . import _atomics


cdef extern from "sync/atomics.h":
    ctypedef uint64_t (*tp_apply)(void *at, uint64_t value) noexcept nogil
    tp_apply tp_operations[8][10]
    uint64_t tp_atomic_load(void *at, size_t width) noexcept nogil
    uint64_t tp_atomic_compare_exchange(void *at, size_t width, uint64_t expected, uint64_t replacement) noexcept nogil


cdef tp_lot *lot = <tp_lot *>PyCapsule_GetPointer(_atomics.lot, "threadpool.sync._atomics.lot")


cdef uint64_t apply(int operation, int element, void *at, uint64_t value) noexcept nogil:
    return tp_operations[operation][element](at, value)


cdef uint64_t load_bits(const void *at, size_t width) noexcept nogil:
    return tp_atomic_load(<void *>at, width)


cdef uint64_t compare_exchange_bits(void *at, size_t width, uint64_t expected, uint64_t replacement) noexcept nogil:
    return tp_atomic_compare_exchange(at, width, expected, replacement)


cdef int wait_for_bits(const void *at, size_t width, uint64_t expected, double seconds) noexcept nogil:
    cdef uint64_t nanoseconds = TP_FOREVER
    if not seconds > 0:
        nanoseconds = 0
    elif seconds < 1e10:
        nanoseconds = <uint64_t>(seconds * 1e9)
    if width == 4:
        expected = <uint32_t>expected
    return tp_lot_wait(lot, <void *>at, width, expected, nanoseconds)


cdef size_t notify(const void *at, size_t count) noexcept nogil:
    return tp_lot_notify(lot, at, count)
