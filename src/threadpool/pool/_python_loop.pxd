from threadpool.pool._items cimport Items
from threadpool.pool._native cimport tp_loop


cdef class PythonLoop:
    cdef object fn
    cdef Items items
    cdef object context      # the submitter's, as it was when the run began
    cdef list results        # not tracked by the garbage collector, so unseen, until every slot is filled

    cdef int work(self, tp_loop *loop, unsigned seat) except -1
    cdef list finished(self)
    cdef object failure(self, tp_loop *loop)
