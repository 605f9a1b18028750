"""How messages and events get from an inbox to those who listen. Compiled, for the reason of `_inbox.pyx`."""

import contextvars

cimport cython
from cpython.ref cimport PyObject

from threadpool.pool._python cimport PyContext_Enter, PyContext_Exit, tp_take_exception
from threadpool.worker.messages._home cimport Call, Home
from threadpool.worker.messages._inbox cimport Inbox, Owner, Packed
from threadpool.worker.messages._lock cimport RecursiveLock
from threadpool.worker.messages._queue cimport Queue, owned, tp_queue_arm, tp_queue_count, tp_queue_taken_so_far

from threadpool.worker.messages._home import Once

cdef extern from "Python.h":
    PyObject *PyObject_CallObject(object callable, object arguments)
    unsigned long PyThread_get_thread_ident()
    int PyThreadState_SetAsyncExc(unsigned long ident, PyObject *exception)

# As many messages are delivered before the home does something else.
cdef enum: BATCH = 64


@cython.final
cdef class Turn(Call):
    """A delivery that a home is to make."""

    cdef Delivery receiver
    cdef Home home

    def __init__(self, Delivery receiver, Home home):
        self.receiver = receiver
        self.home = home

    cpdef object run(self):
        receiver, self.receiver = self.receiver, None
        if receiver is not None:
            receiver._deliver(self.home)

    def drop(self):
        if self.receiver is not None:
            self.receiver._leave(self.home)


cdef bint call_at(Home home, Call call) except -1:
    """Has the home make the call. False: the home is gone.

    The code of an event loop may be left half-way by an exception from elsewhere: then it is asked again, and the
    exception is raised later.
    """
    try:
        return home.call(call)
    except BaseException as error:
        kind = type(error)
        is_there = home.call(call)
        PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), <PyObject *>kind)
        return is_there


cdef inline bint is_same(Home home, Home other):
    return home is other or (home is not None and other is not None and home == other)


@cython.final
cdef class Listener:
    """A callback, and where it runs."""

    cdef object callback
    cdef object context
    cdef Home home
    cdef bint is_once

    def __init__(self, callback, Home home, is_once):
        self.callback = callback
        self.home = home
        self.is_once = is_once
        self.context = contextvars.copy_context()


cpdef object hear(Listener listener, tuple arguments):
    """Calls a listener, in the home's own thread, in its context."""
    cdef PyObject *result
    PyContext_Enter(listener.context)
    result = PyObject_CallObject(listener.callback, arguments)
    error = owned(tp_take_exception()) if result is NULL else None
    PyContext_Exit(listener.context)
    if result is NULL:
        listener.home.fail(listener.callback, error)
        return
    returned = owned(result)
    if returned is not None:
        listener.home.go_on(returned, listener.context)


cdef class Delivery(Owner):
    """The listeners of a receiver, those who wait for messages on event loops, and what is on its way to them.

    Invariants, all under `_lock`: at most one delivery at a time is asked for or runs, at `_turn`. A message is taken
    out of the inbox only for listeners that are there at that moment, and they get it. Who finds the inbox empty arms
    it and gives up its turn in one step; who puts something in looks at the turn after that.
    """

    events = ("message", "messageerror", "close")
    last_event = "close"

    def __cinit__(self, *args, **kwargs):
        self._renew()

    def _renew(self):
        """Has neither listeners nor an inbox."""
        self._lock = RecursiveLock()  # a finalizer of a listener that is removed may use this very port
        self._listeners = {}
        self._home = self._turn = self._telling = None
        self._missed = {}
        self._is_over = False
        self.is_elsewhere = True
        self._is_ref = True
        self._waiters = []

    def _own(self, Inbox inbox):
        """From now on it is this receiver's."""
        if self._inbox is not inbox:  # it is, where a transfer is undone, and others read it meanwhile
            self._inbox = inbox
        inbox.owner = self
        self.is_elsewhere = False

    @property
    def _is_elsewhere(self):
        return self.is_elsewhere

    def _add(self, event, Listener listener):
        """Adds a listener. False: the receiver was transferred meanwhile."""
        with self._lock:
            gone = self._turn
        if gone is not None and gone.is_gone:
            self._leave(gone)
        with self._lock:
            if self.is_elsewhere:
                return False
            listener.home.keep(self)  # first, as there may be no thread for it
            self._listeners[event] = (*self._listeners.get(event, ()), listener)
            if self._home is None:
                self._set_home(listener.home)
        self._schedule()
        return True

    def _drop(self, event, callback):
        """Removes the last listener with that callback."""
        cdef Listener listener
        with self._lock:
            for listener in reversed(self._listeners.get(event, ())):
                if listener.callback == callback:
                    self._remove(event, listener)
                    break

    cdef int _remove(self, event, listener) except -1:
        """Under the lock."""
        cdef Listener each
        self._listeners[event] = tuple([each for each in self._listeners[event] if each is not listener])
        homes = [each.home for listeners in self._listeners.values() for each in listeners]
        if self._home not in homes:
            self._set_home(homes[0] if homes else None)
        home = (<Listener>listener).home
        if home not in homes:
            home.forget(self)
        home.look_again()
        return 0

    cdef int _set_home(self, home) except -1:
        """Under the lock."""
        self._home = home
        telling, self._telling = self._telling, None
        if telling is not None:
            telling.end()
        return 0

    def _remove_all(self):
        with self._lock:
            self._remove_those_at(None)

    cdef int _remove_those_at(self, home) except -1:
        """Under the lock: the listeners at that home, or all."""
        cdef Listener listener
        for event, listeners in list(self._listeners.items()):
            for listener in listeners:
                if home is None or is_same(listener.home, home):
                    self._remove(event, listener)
        return 0

    def _leave(self, home):
        """The home is gone, and with it the listeners there."""
        with self._lock:
            if is_same(self._turn, home):
                self._turn = None
            self._remove_those_at(home)
        self._schedule()

    def _add_waiter(self, waiter):
        with self._lock:
            self._waiters.append(waiter)

    def _drop_waiter(self, waiter):
        with self._lock:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _set_ref(self, bint is_ref):
        cdef Listener each
        with self._lock:
            self._is_ref = is_ref
            homes = [each.home for listeners in self._listeners.values() for each in listeners]
        for home in homes:
            home.look_again()

    def _until_told(self, home):
        """A queue that ends when the listeners at that home have been told all; None: they have, or there are none."""
        with self._lock:
            if self._home is not home:
                return None
            if self._telling is None:
                self._telling = Queue()
            return self._telling

    cdef object announced(self):
        """There is something in the inbox."""
        cdef list waiters = None
        self._lock.acquire()
        try:
            if self._waiters:
                waiters, self._waiters = self._waiters, []
            claimed = self._claim()
        finally:
            self._lock.release()
        try:
            if waiters is not None:
                for home, future in waiters:
                    call_at(home, Once(wake, future))  # where the home is gone, nobody waits any more
        finally:
            self._ask(claimed)

    cdef object _schedule(self):
        """Has the home deliver what there is."""
        with self._lock:
            claimed = self._claim()
        self._ask(claimed)

    cdef Home _claim(self):
        """Under the lock: the home that is to be asked for a delivery. None: it was, or nobody listens."""
        if self._turn is not None:
            return None
        self._turn = self._home
        return self._home

    cdef object _ask(self, Home claimed):
        if claimed is None:
            return
        try:
            is_there = call_at(claimed, Turn(self, claimed))
        except BaseException:
            with self._lock:
                self._turn = None
            raise
        if not is_there:
            self._leave(claimed)

    cdef int _deliver(self, Home home) except -1:
        """Hands a batch to the listeners. Runs at that home."""
        cdef int left = BATCH
        try:
            while left and self._deliver_one(home):
                left -= 1
        except BaseException:  # of a home that ends with it, or goes on later
            with self._lock:
                claimed = self._give_up(home)
            self._ask(claimed)
            raise
        if not left:
            home.again(Turn(self, home))
        return 0

    cdef Home _give_up(self, Home home):
        """Under the lock: its turn; the home that is to be asked for what is left, or None."""
        cdef Inbox inbox = self._inbox
        if not is_same(self._turn, home):
            return None
        self._turn = None
        if self.is_elsewhere:
            return None
        is_late = self._heard_late() is not None
        is_listened = bool(self._listeners.get("message"))
        if self._is_over and not is_late and not (is_listened and tp_queue_count(&inbox.native)):
            self._remove_those_at(None)
            return None
        if is_late or inbox.events or (
                is_listened and not tp_queue_arm(&inbox.native) and tp_queue_count(&inbox.native)):
            return self._claim()
        return None

    def _is_unheard(self, event):
        """Whether that has happened, and nobody has listened for it."""
        with self._lock:
            return not self._listeners.get(event) and (
                event in self._missed or any([each[1] == event for each in self._inbox.events.copy()]))

    cdef object _heard_late(self):
        """An event that came before its listeners, or None. Under the lock."""
        for event in self._missed:
            if self._listeners.get(event):
                return event
        return None

    cdef bint _deliver_one(self, Home home) except -1:
        """False: there is nothing left, here, and the turn is over."""
        cdef Inbox inbox = self._inbox
        cdef PyObject *first = NULL
        cdef tuple listeners, arguments, present
        cdef Listener listener
        cdef Home claimed = None
        event = None
        self._lock.acquire()  # not a with statement, which looks its methods up, at each message
        try:
            if is_same(self._turn, home) and is_same(self._home, home) and not self.is_elsewhere:
                listeners = self._listeners.get("message")
                if inbox.events and (not listeners or inbox.events[0][0] <= tp_queue_taken_so_far(&inbox.native)):
                    _, event, arguments = inbox.events.popleft()
                    self._is_over = self._is_over or event == self.last_event
                    listeners = self._take_listeners(event)
                    if not listeners:
                        self._missed[event] = arguments
                elif listeners and (first := inbox.pop()) is not NULL:
                    event, message, present = "message", owned(first), listeners
                    arguments = (message,)
                    listeners = None if isinstance(message, Packed) else self._take_listeners(event)
                elif (event := self._heard_late()) is not None:
                    arguments = self._missed.pop(event)
                    listeners = self._take_listeners(event)
            if event is None:
                claimed = self._give_up(home)
        finally:
            self._lock.release()
        if event is None:
            self._ask(claimed)
            return False
        if listeners is None:
            try:
                arguments = ((<Packed>message).unpack(),)
            except Exception as error:
                event, arguments, present = "messageerror", (error,), ()
            with self._lock:
                listeners = self._take_listeners(event) or present
        elif event == "error" and listeners and isinstance(arguments[0], Packed):
            arguments = (arguments[0].unpack(),)
        for listener in listeners:
            if is_same(listener.home, home):
                hear(listener, arguments)
            else:
                call_at(listener.home, Once(hear, listener, arguments))
        return True

    cdef tuple _take_listeners(self, event):
        """Those that are to be called, under the lock; of which some are not to be called again."""
        cdef Listener listener
        cdef tuple listeners = self._listeners.get(event, ())
        for listener in listeners:
            if listener.is_once:
                self._remove(event, listener)
        return listeners


def wake(future):
    if not future.done():
        future.set_result(None)
