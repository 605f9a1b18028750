from threadpool.worker.messages._queue cimport Queue


cdef class Packed:
    pass


cdef class Owner:
    cdef object announced(self)


cdef class Inbox(Queue):
    cdef readonly object events   # a deque: Cython reads a list without its lock
    cdef Owner receiver           # read and written in a critical section: it may be freed by who writes it
    cdef object unended, forwarding, target
    cdef Inbox source

    cdef Owner get_owner(self)
    cdef object comes_from(self, Inbox source)
    cdef object shorten(self)
    cdef Inbox next_inbox(self)
