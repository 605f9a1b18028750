# What csrc/pool offers, for Cython. The headers say what it means.

from libc.stdint cimport uint32_t, uint64_t


cdef extern from "os.h" nogil:
    uint64_t tp_now()


cdef extern from "pool/loop.h" nogil:
    const size_t TP_NO_INDEX

    ctypedef int (*tp_kernel)(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil

    ctypedef struct tp_seat:
        size_t failed
        void *failure
        int code

    ctypedef struct tp_loop:
        unsigned width
        void *context
        tp_seat *seats

    tp_loop *tp_loop_new(size_t count, size_t unit, uint32_t burst, unsigned width, tp_kernel kernel, void *context)
    void tp_loop_free(tp_loop *loop)
    bint tp_loop_claim(tp_loop *loop, unsigned seat, size_t *begin, size_t *end)
    void tp_loop_lower_limit(tp_loop *loop, size_t limit)
    size_t tp_loop_limit(tp_loop *loop)
    bint tp_loop_work(tp_loop *loop, unsigned seat, uint64_t nanoseconds)
    tp_seat *tp_loop_lowest_failure(tp_loop *loop)


cdef extern from "pool/pool.h" nogil:
    const uint64_t TP_FOREVER

    ctypedef struct tp_pool:
        pass

    ctypedef enum tp_found:
        TP_FOUND_NOTHING
        TP_FOUND_SEAT
        TP_FOUND_LOOP
        TP_FOUND_STOP

    void tp_pool_init(tp_pool *pool, bint can_spin)
    void tp_pool_destroy(tp_pool *pool)
    void tp_pool_open(tp_pool *pool, tp_loop *loop)
    bint tp_pool_close(tp_pool *pool, tp_loop *loop, uint64_t nanoseconds)
    tp_found tp_pool_wait(tp_pool *pool, uint64_t nanoseconds, tp_loop **loop, unsigned *seat)
    bint tp_pool_join(tp_pool *pool, tp_loop **loop, unsigned *seat)
    void tp_pool_leave(tp_pool *pool, tp_loop *loop, unsigned seat)
    void tp_pool_stop(tp_pool *pool)
