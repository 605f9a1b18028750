from threadpool.worker.messages._home cimport Home
from threadpool.worker.messages._inbox cimport Inbox, Owner
from threadpool.worker.messages._lock cimport RecursiveLock
from threadpool.worker.messages._queue cimport Queue, tp_flag, tp_stop


cdef class Delivery(Owner):
    cdef RecursiveLock _lock
    cdef readonly dict _listeners   # by event; the tuples are replaced and never changed
    cdef Home _home                 # where messages are taken for the listeners: that of one of them
    cdef Home _turn                 # the home that delivers, or has been asked to
    cdef dict _missed               # the arguments of events that nobody has listened for
    cdef bint _is_over              # the last event has come
    cdef readonly tp_flag _is_ref
    cdef Queue _telling             # ends when the listeners at `_home` have been told all
    cdef list _waiters              # homes and futures
    cdef Inbox _inbox               # set once, so that it can be read without the lock
    cdef tp_stop is_elsewhere       # the inbox is another's: nothing is taken here any more

    cdef object _schedule(self)
    cdef int _remove(self, event, listener) except -1
    cdef int _remove_those_at(self, home) except -1
    cdef Home _claim(self)
    cdef object _ask(self, Home claimed)
    cdef int _deliver(self, Home home) except -1
    cdef Home _give_up(self, Home home)
    cdef int _set_home(self, home) except -1
    cdef object _heard_late(self)
    cdef bint _deliver_one(self, Home home) except -1
    cdef tuple _take_listeners(self, event)
