cimport cython
from libc.stdint cimport uint64_t

from threadpool.worker.messages._queue cimport Queue
from threadpool.worker.pool._account cimport Account


cdef extern from "worker/task.h":
    ctypedef struct tp_task_state:
        pass


@cython.final
cdef class Task:
    cdef tp_task_state state
    cdef Account account
    cdef Queue results        # where the outcome goes, a `Results`; None: to the future itself
    cdef object future
    cdef object callback      # the first one of a TaskFuture, and its context
    cdef object context
    cdef list callbacks       # the others, and theirs
    cdef readonly object value
    cdef readonly object name
    cdef object runner        # what tells it that it is cancelled: has `tell`, `interrupt`
    cdef object outcome
    cdef bint is_error
    cdef uint64_t queued_at, started_at
    cdef readonly object timeout

    cdef bint begin(self, runner) except -1
    cdef bint finish(self) noexcept
    cdef int end(self, outcome, bint is_error, bint was_signalled) except -1
    cdef bint hand_over(self, runner) except -1
    cdef int answer(self, outcome, bint is_error) except -1
    cdef int give(self, outcome, bint is_error) except -1
