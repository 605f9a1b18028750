cdef extern from "worker/lock.h":
    ctypedef struct tp_lock:
        pass

    void tp_lock_init(tp_lock *lock) nogil
    void tp_lock_destroy(tp_lock *lock) nogil
    bint tp_lock_try(tp_lock *lock) nogil
    void tp_lock_wait(tp_lock *lock) nogil
    void tp_lock_release(tp_lock *lock) nogil


cdef class RecursiveLock:
    cdef tp_lock native

    cdef inline void acquire(self) noexcept:
        if not tp_lock_try(&self.native):
            with nogil:
                tp_lock_wait(&self.native)

    cdef inline void release(self) noexcept:
        tp_lock_release(&self.native)
