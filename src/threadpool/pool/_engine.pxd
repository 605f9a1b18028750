from libc.stdint cimport uint64_t

from threadpool.pool._native cimport tp_loop, tp_pool, tp_worker
from threadpool.pool._task cimport Task


cdef enum Start:
    UNWANTED     # those that shall be there are, or the pool is being stopped
    STARTED
    IMPOSSIBLE   # the system has no thread for us


cdef class Engine:
    cdef tp_pool pool
    cdef readonly str name
    cdef object initializer
    cdef object initargs
    cdef uint64_t idle_timeout       # nanoseconds, or TP_FOREVER
    cdef bint raise_when_full
    cdef readonly object broken      # what the initializer raised
    cdef set roster                  # the workers that are there
    cdef bint abandoned
    cdef object __weakref__

    cdef int submit(self, Task task) except -1
    cdef bint enqueue(self, Task task) except -1
    cdef bint post(self, Task task, unsigned index) except -1
    cdef bint claim(self, Task task) noexcept
    cdef Start start_worker(self, unsigned wanted, Worker principal=*) except *
    cdef int work_alone(self) except -1
    cdef int discard_queued(self, bint refuse) except -1
    cdef bint is_own_thread(self) noexcept
    cdef bint needs_help(self) noexcept
    cdef bint may_run_here(self) noexcept
    cdef object refusal(self)


cdef class Worker:
    cdef tp_worker native
    cdef Engine engine
    cdef unsigned naps
    cdef uint64_t idle_since
    cdef readonly object thread
    cdef bint begun                  # by its thread, or given up by who could not start that
    cdef object doing                # the function that it runs, or None

    cdef uint64_t patience(self) noexcept
    cdef bint claim_begin(self)
    cdef int leave(self) except -1
    cdef int now_doing(self, fn) except -1
    cdef int run_task(self) except -1
    cdef int help_with(self, tp_loop *loop, unsigned seat) except -1


cdef Worker current_worker_object()
