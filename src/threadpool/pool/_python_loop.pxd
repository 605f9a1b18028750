from threadpool.pool._items cimport Items
from threadpool.pool._native cimport tp_loop


cdef class PythonLoop:
    cdef object fn
    cdef Items items
    cdef object context      # the submitter's, as it was when the run began
    cdef list results        # not tracked by the garbage collector, so unseen, until every slot is filled
    cdef bint keep_errors    # as results, each wrapped, rather than stop at the lowest one
    cdef bint has_errors

    cdef int work(self, tp_loop *loop, unsigned seat) except -1
    cdef list finished(self, bint as_group)
    cdef object failure(self, tp_loop *loop)
