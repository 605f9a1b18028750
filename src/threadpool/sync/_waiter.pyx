"""What waits for an event loop in the parking lot, and the mailbox in which the loop finds those that were woken."""

cimport cython

from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New

from threadpool.sync._parking cimport *

from . import _atomics

cdef tp_lot *lot = <tp_lot *>PyCapsule_GetPointer(_atomics.lot, "threadpool.sync._atomics.lot")


@cython.final
cdef class Mailbox:
    """Of an event loop; ``wakes`` is the file number of a socket that is written to when it is not empty any more.

    ``waiters`` are those that are in the parking lot or in the mailbox: what takes one out there removes it here.
    """

    cdef tp_mailbox native
    cdef readonly set waiters

    def __cinit__(self, int wakes):
        tp_mailbox_init(&self.native, wakes)
        self.waiters = set()

    def __dealloc__(self):
        tp_mailbox_destroy(&self.native)

    def fetch(self):
        """Empties it: the waiters that were woken, in their order."""
        cdef list woken = []
        cdef tp_waiter *waiter = tp_mailbox_fetch(&self.native)
        while waiter is not NULL:
            woken.append(<Waiter>waiter.owner)
            waiter = waiter.next
        self.waiters.difference_update(woken)
        return woken


@cython.final
cdef class Waiter:
    """A place in the queue at an element. ``future`` gets the result."""

    cdef tp_waiter native
    cdef Mailbox mailbox
    cdef readonly object future
    cdef object buffer
    cdef object view          # of the buffer, which so stays where it is while it is waited at

    def __cinit__(self, Mailbox mailbox, future):
        self.mailbox = mailbox
        self.future = future
        self.native.mailbox = &mailbox.native
        self.native.owner = <void *>self

    def enqueue(self, buffer, index, value, timeout):
        """Takes its place if the element is equal to the value: for how many seconds; None if it is not equal.

        Errors: see `Atomics.wait`.
        """
        self.mailbox.waiters.add(self)
        seconds = None
        try:
            seconds = _atomics._enqueue(buffer, index, value, timeout, PyCapsule_New(&self.native, "tp_waiter", NULL))
            if seconds is not None:
                self.buffer = buffer
                with cython.critical_section(buffer):
                    self.view = memoryview(buffer)
        finally:
            if seconds is None:
                self.mailbox.waiters.discard(self)
        return seconds

    def leave(self):
        """Gives its place up; safe to call twice, and from any thread. Whether no notification has counted it."""
        return self.left(tp_lot_leave(lot, &self.native))

    def give_up(self):
        """The same; a notification that has counted it wakes the next one instead."""
        return self.left(tp_lot_give_up(lot, &self.native))

    cdef bint left(self, tp_leaving how):
        if how != TP_LEFT_FETCHED:
            self.mailbox.waiters.discard(self)
        buffer, self.buffer = self.buffer, None
        if buffer is not None:
            with cython.critical_section(buffer):
                self.view = None
        return how == TP_LEFT_WAITING
