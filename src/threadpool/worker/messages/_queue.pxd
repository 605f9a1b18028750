from cpython.ref cimport Py_DECREF, PyObject
from libc.stdint cimport uint64_t


cdef extern from "pool/flag.h":
    ctypedef bint tp_flag  # that any thread may write and read


cdef extern from "worker/queue.h":
    ctypedef bint tp_stop "tp_stop"

    ctypedef struct tp_queue:
        pass

    ctypedef enum tp_put:
        TP_PUT
        TP_PUT_ANNOUNCE
        TP_PUT_ENDED
        TP_PUT_NO_MEMORY

    ctypedef struct tp_mutex:
        pass

    uint64_t TP_FOREVER
    uint64_t TP_SIGNAL_NANOSECONDS
    uint64_t tp_now() nogil
    void tp_mutex_init(tp_mutex *mutex) nogil
    void tp_mutex_destroy(tp_mutex *mutex) nogil
    void tp_mutex_lock(tp_mutex *mutex) nogil
    void tp_mutex_unlock(tp_mutex *mutex) nogil
    bint tp_queue_init(tp_queue *queue, bint can_spin) nogil
    void tp_queue_destroy(tp_queue *queue) nogil
    tp_put tp_queue_put(tp_queue *queue, void *message) nogil
    bint tp_queue_end(tp_queue *queue) nogil
    void *tp_queue_take(tp_queue *queue) nogil
    void *tp_queue_take_unless(tp_queue *queue, const tp_stop *nudge) nogil
    bint tp_queue_wait(tp_queue *queue, uint64_t nanoseconds, const tp_stop *stop, const tp_stop *nudge) nogil
    void tp_queue_pass_on(tp_queue *queue) nogil
    void tp_queue_wake(tp_queue *queue) nogil
    bint tp_queue_arm(tp_queue *queue) nogil
    size_t tp_queue_count(tp_queue *queue) nogil
    bint tp_queue_is_ended(tp_queue *queue) nogil
    uint64_t tp_queue_put_so_far(tp_queue *queue) nogil
    uint64_t tp_queue_taken_so_far(tp_queue *queue) nogil
    void tp_queue_renew(tp_queue *queue) nogil


cdef class Queue:
    cdef tp_queue native
    cdef tp_flag is_renewable  # a thread may wait here without the interpreter while another forks
    cdef object __weakref__

    cpdef object announce(self)
    cpdef bint refuse(self, message) except -1
    cpdef bint put(self, message) except -1
    cdef PyObject *pop(self) noexcept
    cpdef object take(self)
    cpdef object get(self, timeout=*)
    cdef object get_unless(self, timeout, const tp_stop *nudge)
    cdef bint wait_for(self, uint64_t nanoseconds, const tp_stop *nudge) except -1


cdef int withdraw(unsigned long thread) except -1


cdef inline object owned(PyObject *reference):
    """The object whose reference it is, which was the caller's."""
    thing = <object>reference
    Py_DECREF(thing)
    return thing
