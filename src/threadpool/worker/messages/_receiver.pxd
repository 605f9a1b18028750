from cpython.ref cimport PyObject

from threadpool.worker.messages._delivery cimport Delivery
from threadpool.worker.messages._inbox cimport Inbox


cdef class Receiver(Delivery):
    cdef int in_a_row  # messages that an iteration has not waited for

    cdef Inbox opened(self)
    cdef PyObject *take_from(self, Inbox inbox) noexcept
