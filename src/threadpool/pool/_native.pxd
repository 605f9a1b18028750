# What csrc/pool offers, for Cython. The headers say what it means.

from libc.stdint cimport uint32_t, uint64_t


cdef extern from "os.h" nogil:
    uint64_t tp_now()


cdef extern from "pool/loop.h" nogil:
    const size_t TP_NO_INDEX
    const uint64_t TP_NEVER
    const uint64_t TP_QUICK_NANOSECONDS

    ctypedef int (*tp_kernel)(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil

    ctypedef struct tp_seat:
        size_t failed
        void *failure
        int code
        size_t failures

    ctypedef struct tp_loop:
        size_t count
        uint32_t burst
        unsigned width
        bint serial
        bint foreign
        bint aborted
        unsigned guests
        void *context
        uint64_t deadline
        const tp_frame *outer
        uint64_t alone_until
        tp_seat *seats

    ctypedef struct tp_frame:
        tp_loop *loop
        size_t index

    tp_loop *tp_loop_new(size_t count, size_t unit, uint32_t burst, unsigned width, tp_kernel kernel, void *context)
    void tp_loop_free(tp_loop *loop)
    void tp_loop_make_serial(tp_loop *loop)
    bint tp_loop_claim(tp_loop *loop, unsigned seat, uint32_t most, size_t *begin, size_t *end)
    void tp_loop_lower_limit(tp_loop *loop, size_t limit)
    size_t tp_loop_limit(tp_loop *loop)
    bint tp_loop_may_start(tp_loop *loop, size_t index)
    void tp_loop_count_done(tp_seat *seat, size_t items)
    size_t tp_loop_done(tp_loop *loop)
    size_t tp_loop_failures(tp_loop *loop)
    bint tp_loop_work(tp_loop *loop, unsigned seat, uint64_t nanoseconds)
    tp_seat *tp_loop_lowest_failure(tp_loop *loop)
    bint tp_frame_is_cancelled(const tp_frame *frame)


cdef extern from "pool/flag.h" nogil:
    const uint64_t TP_SPIN_NANOSECONDS

    ctypedef struct tp_flag:
        pass

    ctypedef struct tp_gate:
        unsigned opened

    void tp_flag_set(tp_flag *flag)
    bint tp_flag_is_set(tp_flag *flag)
    bint tp_flag_spin(tp_flag *flag, uint64_t nanoseconds)
    void tp_gate_init(tp_gate *gate)
    void tp_gate_destroy(tp_gate *gate)
    void tp_gate_open(tp_gate *gate, tp_flag *flag)
    void tp_gate_wait_for_any(tp_gate *gate, unsigned opened, uint64_t nanoseconds)
    bint tp_gate_wait(tp_gate *gate, tp_flag *flag, uint64_t nanoseconds)


cdef extern from "pool/pace.h" nogil:
    ctypedef struct tp_pace:
        uint64_t window

    void tp_pace_init(tp_pace *pace, uint64_t now)
    bint tp_pace_look(tp_pace *pace, uint64_t now, size_t done, bint has_guests)


cdef extern from "pool/histogram.h" nogil:
    ctypedef struct tp_histogram:
        pass

    void tp_histogram_record(tp_histogram *histogram, uint64_t value)
    uint64_t tp_histogram_quantile(const tp_histogram *histogram, double part)


cdef extern from "pool/pool.h" nogil:
    const uint64_t TP_FOREVER

    ctypedef struct tp_task:
        void *owner
        tp_task **link

    ctypedef struct tp_worker:
        unsigned index

    ctypedef struct tp_pool:
        unsigned threads
        unsigned limit
        size_t queued
        unsigned parked
        unsigned spinning
        bint stopping
        bint closed
        bint can_spin
        size_t completed
        size_t failed
        size_t cancelled
        tp_histogram wait_times
        tp_histogram run_times

    ctypedef enum tp_found:
        TP_FOUND_NOTHING
        TP_FOUND_TASK
        TP_FOUND_SEAT
        TP_FOUND_LOOP
        TP_FOUND_STOP

    ctypedef enum tp_submitted:
        TP_SUBMITTED
        TP_QUEUE_FULL
        TP_POOL_STOPPED

    void tp_pool_count(tp_pool *pool, size_t completed, size_t failed, size_t cancelled)
    void tp_worker_start(tp_worker *worker, uint64_t now)
    uint64_t tp_worker_started(tp_worker *worker)
    void tp_worker_add_busy(tp_worker *worker, uint64_t nanoseconds)
    uint64_t tp_worker_busy(tp_worker *worker)
    void tp_pool_init(tp_pool *pool, bint can_spin, unsigned limit, size_t capacity)
    void tp_pool_destroy(tp_pool *pool)
    bint tp_pool_enroll(tp_pool *pool, tp_worker *worker, unsigned wanted, tp_worker *principal)
    bint tp_pool_expire(tp_pool *pool, tp_worker *worker)
    void tp_pool_leave_for_good(tp_pool *pool, tp_worker *worker)
    bint tp_pool_is_unattended(tp_pool *pool)
    tp_found tp_pool_wait(tp_pool *pool, tp_worker *worker, uint64_t nanoseconds, tp_loop **loop, unsigned *seat)
    bint tp_pool_is_wanted(tp_pool *pool, tp_worker *worker)
    void tp_pool_resize(tp_pool *pool, unsigned limit)
    void tp_pool_stop(tp_pool *pool, bint abort_loops)
    bint tp_pool_wait_for_end(tp_pool *pool, uint64_t nanoseconds)
    ctypedef struct tp_loop_figures:
        size_t done
        size_t count
        unsigned guests

    size_t tp_pool_describe_loops(tp_pool *pool, tp_loop_figures *figures, size_t most)
    unsigned tp_pool_open(tp_pool *pool, tp_loop *loop)
    void tp_pool_go_alone(tp_pool *pool, tp_loop *loop, bint alone)
    bint tp_pool_is_to_leave(tp_pool *pool, tp_loop *loop, tp_worker *worker)
    bint tp_pool_wait_for_loop(tp_pool *pool, tp_loop *loop, uint64_t nanoseconds)
    bint tp_pool_close(tp_pool *pool, tp_loop *loop, uint64_t nanoseconds)
    bint tp_pool_join(tp_pool *pool, tp_loop **loop, unsigned *seat)
    void tp_pool_leave(tp_pool *pool, tp_loop *loop, unsigned seat)
    tp_submitted tp_pool_submit(tp_pool *pool, tp_task *task, bint insist)
    bint tp_pool_post(tp_pool *pool, tp_task *task, unsigned index)
    void tp_pool_wait_for_room(tp_pool *pool, uint64_t nanoseconds)
    tp_task *tp_pool_take(tp_pool *pool, tp_worker *worker)
    tp_task *tp_pool_take_own(tp_pool *pool, tp_worker *worker)
    bint tp_pool_claim(tp_pool *pool, tp_task *task)
    tp_task *tp_pool_drain(tp_pool *pool)
