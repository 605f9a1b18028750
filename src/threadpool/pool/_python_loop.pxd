from threadpool.pool._items cimport Items
from threadpool.pool._native cimport tp_frame, tp_loop, tp_pool, tp_worker
from threadpool.pool._watch cimport Watch


cdef class PythonLoop:
    cdef readonly object fn
    cdef Items items
    cdef object context      # the submitter's, as it was when the run began
    cdef list results        # not tracked by the garbage collector, so unseen, until every slot is filled
    cdef size_t first        # the number of the first item, for messages
    cdef bint star           # fn(*item)
    cdef bint keep_errors    # as results, each wrapped, rather than stop at the lowest one
    cdef size_t failed       # the item whose failure was chosen
    cdef object broken       # what the engine itself raised in a thread of the pool, such as a MemoryError

    cdef int work(self, tp_loop *loop, unsigned seat, Watch watch, tp_pool *pool, tp_worker *worker) except -1
    cdef int give_up(self, tp_loop *loop, error) except -1
    cdef list finished(self, bint as_group, bint has_errors)
    cdef object failure(self, tp_loop *loop)
    cdef list results_before_failure(self, size_t done)


cdef tp_frame *current_frame() noexcept
cdef void set_current_frame(tp_frame *frame) noexcept
cdef bint is_visitor() noexcept
cdef void set_visitor(bint visitor) noexcept
cdef void add_index(object error, size_t index) noexcept
cdef object private_context(object context)
cdef object private_function(object fn)
