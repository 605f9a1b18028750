from libc.stdint cimport uint64_t


cdef extern from "worker/task.h" nogil:
    ctypedef struct tp_tally:
        size_t limit
        size_t completed
        size_t failed
        size_t cancelled
        uint64_t busy

    size_t tp_tally_queued(tp_tally *tally)
    size_t tp_tally_open(tp_tally *tally)
    bint tp_tally_submit(tp_tally *tally)
    bint tp_tally_is_short(tp_tally *tally)
    void tp_tally_set_capacity(tp_tally *tally, size_t capacity)
    void tp_tally_start(tp_tally *tally)
    bint tp_tally_end(tp_tally *tally)
    void tp_tally_count(tp_tally *tally, size_t completed, size_t failed, size_t cancelled, uint64_t busy)
    void tp_tally_renew(tp_tally *tally)

cdef extern from "pool/histogram.h" nogil:
    ctypedef struct tp_histogram:
        pass

    void tp_histogram_record(tp_histogram *histogram, uint64_t value)
    uint64_t tp_histogram_quantile(const tp_histogram *histogram, double part)


cdef class Account:
    cdef tp_tally tally
    cdef tp_histogram wait_times, run_times
    cdef readonly object crew

    cdef int close_task(self, size_t completed, size_t failed, size_t cancelled, uint64_t busy) except -1
