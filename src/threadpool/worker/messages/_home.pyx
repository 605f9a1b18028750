"""The home of a callback, and that which is a worker's own thread. Compiled, as each message passes through it."""

import contextlib

cimport cython

from threadpool.worker.messages._queue cimport Queue

from threadpool.pool._threads import safepoint
from threadpool.worker.messages._queue import EMPTY


cdef class Call:
    """What a home is to do: once, however often it was asked for, by one thread."""

    cpdef object run(self):
        raise NotImplementedError

    def __call__(self):
        self.run()

    def drop(self):
        """The home will not."""


@cython.final
cdef class Once(Call):
    """The call of a function."""

    cdef object fn
    cdef tuple arguments

    def __init__(self, fn, *arguments):
        self.fn = fn
        self.arguments = arguments

    cpdef object run(self):
        fn, self.fn = self.fn, None
        if fn is not None:
            fn(*self.arguments)


cdef class Home:
    """Where listeners run."""

    # Whether nothing is called here any more, not even what was asked for.
    is_gone = False

    cpdef bint call(self, Call call) except -1:
        """Has the home make the call; from any thread. False: the home is gone."""
        raise NotImplementedError

    cpdef bint again(self, Call call) except -1:
        """The same, in the home's own thread: after what else there is to do."""
        return self.call(call)

    def fail(self, callback, error):
        """The listener raised that, in the home's own thread."""
        raise NotImplementedError

    def go_on(self, result, context):
        """The listener returned that."""

    def keep(self, receiver):
        """The receiver has a listener here."""

    def forget(self, receiver):
        """It has none any more."""

    def look_again(self):
        """What keeps a worker alive may be gone."""


cdef class ThreadHome(Home):
    """A thread that makes the calls, one after the other."""

    def __init__(self):
        self._calls = Queue()

    @property
    def is_gone(self):
        return self._calls.is_ended

    cpdef bint call(self, Call call) except -1:
        return self._calls.put(call)

    cpdef object step(self, timeout=None):
        """Makes the next call, for which it waits for so many seconds at most."""
        call = self._calls.get(timeout)
        if call is not EMPTY:
            (<Call>call).run()


@cython.final
cdef class _Look(Call):
    """What keeps the worker alive may have changed."""

    cdef WorkerHome home

    def __init__(self, WorkerHome home):
        self.home = home

    cpdef object run(self):
        self.home.is_serving = False


@cython.final
cdef class WorkerHome(ThreadHome):
    """A worker's own thread, once its script has ended."""

    def __cinit__(self):
        self.receivers = set()

    def keep(self, receiver):
        self.receivers.add(receiver)

    def forget(self, receiver):
        self.receivers.discard(receiver)

    def look_again(self):
        self.call(_Look(self))

    def fail(self, callback, error):
        raise error  # it ends the worker, like what its script raises

    def serve(self):
        """Calls back until there is nothing left that could."""
        is_left = True
        while is_left:
            while is_kept_alive(self.receivers):
                self.is_serving = True
                while self.is_serving:
                    self.step()
                    safepoint()  # where the worker can be interrupted, whatever it calls
            # What another home has passed on, for listeners that are removed by now, as after the last event.
            for _ in range(len(self._calls)):
                self.step()
                safepoint()
            is_left = is_kept_alive(self.receivers)

    def end(self):
        """Nothing is called any more; what has listeners elsewhere goes on there."""
        self._calls.end()
        close_all(self.receivers, self)
        while (call := self._calls.take()) is not EMPTY:
            call.drop()


def is_kept_alive(receivers):
    """Whether one of them keeps the worker alive at whose home they listen."""
    return any([receiver.keeps_alive for receiver in receivers.copy()])


def close_all(receivers, home):
    """Those that have listened at a home that is gone."""
    for receiver in receivers.copy():
        receiver._leave(home)
        with contextlib.suppress(RuntimeError):  # it was transferred meanwhile
            receiver.close()
