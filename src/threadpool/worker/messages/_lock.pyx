"""A lock that the thread which holds it may take again."""

cimport cython


@cython.final
cdef class RecursiveLock:
    """As threading.RLock, for compiled code: free, it costs a few instructions, and no exception can come of a wait."""

    def __cinit__(self):
        tp_lock_init(&self.native)

    def __dealloc__(self):
        tp_lock_destroy(&self.native)

    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, *exception):
        self.release()
