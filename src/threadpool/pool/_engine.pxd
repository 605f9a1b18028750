from libc.stdint cimport uint64_t

from threadpool.pool._native cimport tp_loop, tp_pool, tp_worker
from threadpool.pool._task cimport Task


cdef class Engine:
    cdef tp_pool pool
    cdef readonly str name
    cdef object initializer
    cdef object initargs
    cdef uint64_t idle_timeout       # nanoseconds, or TP_FOREVER
    cdef bint raise_when_full
    cdef readonly object broken      # what the initializer raised
    cdef set roster                  # the workers that are there
    cdef readonly bint closed        # by its owner, so that using it is an error
    cdef bint abandoned
    cdef object __weakref__

    cdef int submit(self, Task task) except -1
    cdef int post(self, Task task, unsigned index) except -1
    cdef bint claim(self, Task task) noexcept
    cdef bint start_worker(self, unsigned wanted, bint spare) except -1
    cdef bint is_own_thread(self) noexcept


cdef class Worker:
    cdef tp_worker native
    cdef Engine engine
    cdef unsigned naps
    cdef uint64_t idle_since
    cdef readonly object thread
    cdef readonly object activity    # the function that it runs, or None
    cdef readonly double busy_seconds
    cdef readonly double started_at

    cdef bint decided                # whether its thread runs it, or who could not start that has given it up

    cdef bint decide_start(self) noexcept
    cdef uint64_t patience(self) noexcept
    cdef int run_task(self) except -1
    cdef int help_with(self, tp_loop *loop, unsigned seat) except -1


cdef Worker current_worker_object()
cdef object broken_pool(Engine engine)
