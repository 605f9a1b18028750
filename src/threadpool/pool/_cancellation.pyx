"""A piece of work that is no item of a run, and can be cancelled like one."""

cimport cython
from libc.stdint cimport uint64_t

from threadpool.pool._native cimport TP_NEVER, tp_frame, tp_loop, tp_loop_free, tp_loop_lower_limit, tp_loop_new
from threadpool.pool._python_loop cimport current_frame, set_current_frame


@cython.final
cdef class Cancellation:
    """What `cancelled` tells the thread that has entered it, and the runs that it opens: it stands for a loop of one item.

    `enter` and `leave` are for the thread, one after the other; `cancel` for any.
    """

    cdef tp_loop *loop
    cdef tp_frame here
    cdef tp_frame *before

    def __cinit__(self):
        self.loop = tp_loop_new(1, 1, 1, 1, NULL, NULL)
        if self.loop is NULL:
            raise MemoryError("no memory for a loop")
        self.here.loop = self.loop

    def __dealloc__(self):
        tp_loop_free(self.loop)

    def enter(self):
        self.before = current_frame()
        set_current_frame(&self.here)

    def leave(self):
        set_current_frame(self.before)

    def cancel(self):
        tp_loop_lower_limit(self.loop, 0)
