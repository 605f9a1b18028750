"""Where the messages to one receiver are, and what else it is told; the same, whoever the receiver is.

Compiled, as an exception that comes from elsewhere, of `Stop.interrupt` or a signal handler, is raised between two steps
of Python code only. So what a sender begins here is done, even if it is to end: nobody waits for ever for the rest.
"""

import threading
from collections import deque

cimport cython
from cpython.ref cimport PyObject

from threadpool.worker.messages._queue cimport Queue, owned, tp_queue_put_so_far


cdef class Packed:
    """A message that is made when it is taken: one from another process."""

    def unpack(self):
        raise NotImplementedError


cdef class Owner:
    """Who is told that something has come into an inbox that was empty."""

    cdef object announced(self):
        raise NotImplementedError


cdef class Inbox(Queue):
    """The messages to one receiver, and the events.

    An event has its place among the messages: it comes after those that were put in before it.
    """

    def __cinit__(self, *args, **kwargs):
        self.events = deque()  # of their place, name and arguments
        self.unended = threading.Lock()  # for who ends it, who never gives it back
        self.forwarding = threading.RLock()
        self.target = None  # what gets everything, if this inbox's receiver is elsewhere; guarded by `forwarding`
        self.source = None  # the inbox that has this one as its target; likewise

    @property
    def owner(self):
        """The receiver; None: it is on its way to another."""
        return self.get_owner()

    @owner.setter
    def owner(self, Owner receiver):
        with cython.critical_section(self):
            receiver, self.receiver = self.receiver, receiver

    cdef Owner get_owner(self):
        with cython.critical_section(self):
            return self.receiver

    def happen(self, event, *arguments):
        self.events.append((tp_queue_put_so_far(&self.native), event, arguments))
        self.announce()

    def end_with(self, event, *arguments):
        """No more messages; the event comes after them, once."""
        if self.unended.acquire(False):
            self.end()
            self.happen(event, *arguments)

    def hang_up(self):
        """The other end is closed."""
        with self.forwarding:
            if self.target is not None:
                self.target.hang_up()
            else:
                self.end_with("close")

    def redirect(self, target, put_queued=None):
        """From now on what is put in here goes to `target`, and first what is there."""
        cdef PyObject *first
        cdef Inbox source
        put = put_queued or target.put
        with self.forwarding:
            is_closed = self.target is None and self.is_ended
            self.end()
            while (first := self.pop()) is not NULL:
                put(owned(first))
            if is_closed:
                target.hang_up()
            else:
                self.target = target
            source = self.source
        if isinstance(target, Inbox):
            (<Inbox>target).comes_from(self)
            if source is not None:
                source.shorten()

    cdef object comes_from(self, Inbox source):
        with self.forwarding:
            self.source = source

    cdef object shorten(self):
        """Leaves out inboxes between this and the last: all that has gone through them is there.

        So a port that comes and goes has no chain behind it that grows. What is no inbox is never left out, as there
        messages may be on their way for a while.
        """
        cdef Inbox last
        with self.forwarding:
            while isinstance(self.target, Inbox) and (last := (<Inbox>self.target).next_inbox()) is not None:
                self.target = last
                last.comes_from(self)

    cdef Inbox next_inbox(self):
        with self.forwarding:
            return self.target if isinstance(self.target, Inbox) else None

    cpdef bint refuse(self, message) except -1:
        # Under the lock: it comes after what was there, and none is on its way to a target that is replaced.
        with self.forwarding:
            return self.target is not None and self.target.put(message)

    cpdef object announce(self):
        cdef Owner receiver = self.get_owner()
        if receiver is None:
            return
        try:
            receiver.announced()
        except BaseException:  # of a signal handler, in an event loop's code: nobody else tells of this
            receiver.announced()
            raise


cdef class WorkerInbox(Inbox):
    """Ends with the worker, and not with its port."""

    def hang_up(self):
        pass
