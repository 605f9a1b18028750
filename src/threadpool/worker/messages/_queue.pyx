"""Queues of Python objects, and the end of a thread that may wait at one."""

import threading

cimport cython
from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from cpython.version cimport PY_VERSION_HEX
from libc.stdint cimport uint64_t

from threadpool.pool._python cimport TP_FREE_THREADED, PyErr_CheckSignals, tp_take_exception
from threadpool.worker.messages._queue cimport *

from threadpool.cores import usable_cores
from threadpool.errors import WorkerTerminated
from threadpool.pool import lifecycle
from threadpool.pool._run import seconds
from threadpool.pool._threads import safepoint

cdef extern from "Python.h":
    """
    /* The Stop of the thread, borrowed, or NULL. */
    static _Thread_local void *tp_this_stop;
    """
    void *tp_this_stop
    PyObject *PyObject_CallNoArgs(object callable)
    unsigned long PyThread_get_thread_ident()
    int PyThreadState_SetAsyncExc(unsigned long ident, PyObject *exception)

cdef bint CAN_SPIN = usable_cores() > 1

# Objects made by a thread that waits are freed only when it runs Python code again (3.13, 3.14: biased reference counts),
# and who got them in a message drops them later. So a thread that waits wakes a few times, at doubling intervals, two
# seconds in all. With the GIL there is no need.
cdef uint64_t FIRST_NAP_NANOSECONDS = 1_000_000 if TP_FREE_THREADED else TP_FOREVER
cdef uint64_t LAST_NAP_NANOSECONDS = 1_000_000_000

EMPTY = type("EMPTY", (), {"__slots__": (), "__repr__": lambda self: "EMPTY"})()
ENDED = type("ENDED", (), {"__slots__": (), "__repr__": lambda self: "ENDED"})()


cdef class Queue:
    """First in, first out, for any number of threads. See `csrc/worker/queue.h`.

    What subclasses override is called by the thread that puts, without a lock: `announce` after something came into an
    armed queue, `refuse` in place of putting it into one that has ended.
    """

    def __cinit__(self, *args, **kwargs):
        if not tp_queue_init(&self.native, CAN_SPIN):
            raise MemoryError("no memory for a queue")

    def __dealloc__(self):
        cdef void *message
        while (message := tp_queue_take(&self.native)) is not NULL:
            Py_DECREF(<object>message)
        tp_queue_destroy(&self.native)

    cpdef object announce(self):
        """The queue was empty and armed, and is not empty any more."""

    cpdef bint refuse(self, message) except -1:
        """What becomes of what is put in after the end. True: it has arrived all the same."""
        return False

    cpdef bint put(self, message) except -1:
        """False: nothing was put in, as the queue has ended."""
        Py_INCREF(message)
        cdef tp_put result = tp_queue_put(&self.native, <void *>message)
        if result == TP_PUT:
            return True
        if result == TP_PUT_ANNOUNCE:
            self.announce()
            return True
        Py_DECREF(message)
        if result == TP_PUT_NO_MEMORY:
            raise MemoryError("no memory for a message")
        return self.refuse(message)

    def end(self):
        """From now on nothing is put in."""
        if tp_queue_end(&self.native):
            self.announce()

    cdef PyObject *pop(self) noexcept:
        """The first message, the caller's reference to it, or NULL."""
        return <PyObject *>tp_queue_take(&self.native)

    cpdef object take(self):
        """The first message, or EMPTY."""
        cdef PyObject *first = self.pop()
        return EMPTY if first is NULL else owned(first)

    cpdef object get(self, timeout=None):
        """Waits for the first message: EMPTY, if `timeout` seconds are over; ENDED, if there is none any more.

        WorkerTerminated: the thread is to end. A signal handler's exceptions pass through. Then none was taken.
        """
        return self.get_unless(timeout, NULL)

    cdef object get_unless(self, timeout, const tp_stop *nudge):
        """The same; EMPTY also if `nudge`, if there is one, is set: then none was taken."""
        cdef bint is_ended
        cdef PyObject *first
        cdef uint64_t started = 0
        cdef uint64_t passed = 0
        cdef uint64_t nanoseconds = TP_FOREVER
        if timeout is not None:
            nanoseconds = <uint64_t>(min(max(seconds("timeout", timeout), 0), 1e9) * 1e9)
            started = tp_now()
        while True:
            # Ended is looked at first: what was put in before can be taken after that.
            is_ended = tp_queue_is_ended(&self.native)
            first = <PyObject *>tp_queue_take_unless(&self.native, nudge)
            if first is not NULL:
                return owned(first)
            if nudge is not NULL and nudge[0]:
                tp_queue_pass_on(&self.native)
                return EMPTY
            if is_ended:
                return ENDED
            if nanoseconds != TP_FOREVER:
                passed = min(tp_now() - started, nanoseconds)
            if not self.wait_for(nanoseconds if nanoseconds == TP_FOREVER else nanoseconds - passed, nudge):
                return EMPTY

    cdef bint wait_for(self, uint64_t nanoseconds, const tp_stop *nudge) except -1:
        """True: there is a message, which another thread may take first, or the queue has ended, or `nudge` is set."""
        cdef Stop stop = <Stop>tp_this_stop if tp_this_stop is not NULL else None
        cdef const tp_stop *flag = NULL
        cdef tp_queue *before = NULL
        cdef uint64_t started = tp_now()
        cdef uint64_t nap = FIRST_NAP_NANOSECONDS
        cdef uint64_t passed = 0
        cdef uint64_t span
        cdef bint found
        # Those of a program are its main thread's; a worker's has a Stop instead, if it is not the main thread itself.
        cdef bint gets_signals = stop is None or stop.is_main
        if not self.is_renewable:
            lifecycle.renewed_after_fork(self)
            self.is_renewable = True  # last, for another that is about to wait here
        if stop is not None:
            flag = &stop.flag
            before = stop.wait_at(&self.native, 1)
        try:
            while True:
                span = min(nap, TP_SIGNAL_NANOSECONDS if gets_signals else TP_FOREVER)
                if nanoseconds != TP_FOREVER:
                    span = min(span, nanoseconds - passed)
                with nogil:
                    found = tp_queue_wait(&self.native, span, flag, nudge)
                if stop is not None and stop.flag:
                    tp_queue_pass_on(&self.native)
                    stop.check()
                if found or (nudge is not NULL and nudge[0]):
                    return True
                PyErr_CheckSignals()
                safepoint()
                gets_signals = gets_signals and threading.main_thread().ident == PyThread_get_thread_ident()
                if nanoseconds != TP_FOREVER:
                    passed = tp_now() - started
                    if passed >= nanoseconds:
                        return False
                if nap != TP_FOREVER:
                    nap = nap * 2 if nap < LAST_NAP_NANOSECONDS else TP_FOREVER
        finally:
            if stop is not None:
                stop.wait_at(before, -1)

    def wake(self):
        """Has those who wait look at what may have been set for them."""
        tp_queue_wake(&self.native)

    def arm(self):
        """Has the next message, or the end, announced. False: there is one already."""
        return tp_queue_arm(&self.native)

    @property
    def is_ended(self):
        """Whether nothing is put in any more; there may be messages still."""
        return tp_queue_is_ended(&self.native)

    def __len__(self):
        return tp_queue_count(&self.native)

    def renew_after_fork(self):
        """In the child of a fork: nobody waits here any more."""
        tp_queue_renew(&self.native)


def spared(fn):
    """Calls ``fn()`` in this thread, which is interrupted after it only."""
    if tp_this_stop is NULL:
        fn()
    else:
        (<Stop>tp_this_stop).spare(fn)


class _Withdrawn(BaseException):
    """Sent in the place of what is withdrawn."""


cdef int withdraw(unsigned long thread) except -1:
    """What was sent to this thread by PyThreadState_SetAsyncExc, and was not raised yet, never is.

    CPython 3.11 and 3.12 forget that something was sent only as it is raised. Until then all threads look for it at each
    step, and 3.11 for ever where one is traced, as by a debugger. So something is raised, in here.
    """
    if PY_VERSION_HEX >= 0x030D0000:
        PyThreadState_SetAsyncExc(thread, NULL)
        return 0
    PyThreadState_SetAsyncExc(thread, <PyObject *>_Withdrawn)
    other = None
    while True:
        try:
            safepoint()
        except _Withdrawn:
            break
        except BaseException as error:  # of a signal handler, which comes first
            other = error
    if other is not None:
        raise other
    return 0


@cython.final
cdef class Stop:
    """How another thread ends one: it asks first, and interrupts then."""

    cdef tp_stop flag
    cdef tp_flag is_told         # WorkerTerminated was raised in the thread, which was not interrupted since
    cdef tp_mutex native_lock
    cdef tp_queue *waiting       # where the thread waits, or NULL; guarded by `native_lock`, with the five that follow
    cdef int pauses              # how many in the thread wait
    cdef uint64_t paused_at      # when that has changed
    cdef uint64_t idle           # nanoseconds in which some did
    cdef uint64_t started_at, ended_at
    cdef bint is_spared, is_late # it is interrupted later; it is to be. These three guarded by `lock`
    cdef unsigned long thread    # while it may be interrupted
    cdef bint is_main            # it is the main thread
    cdef object lock

    def __cinit__(self):
        tp_mutex_init(&self.native_lock)
        self.lock = threading.Lock()

    def __dealloc__(self):
        tp_mutex_destroy(&self.native_lock)

    cdef tp_queue *wait_at(self, tp_queue *queue, int pauses) noexcept:
        """Where the thread waits from now on; returns where it did, as a finalizer may wait in the midst of a wait."""
        tp_mutex_lock(&self.native_lock)
        before, self.waiting = self.waiting, queue
        self.count_pause(pauses)
        tp_mutex_unlock(&self.native_lock)
        return before

    cdef void count_pause(self, int change) noexcept:
        cdef uint64_t now = tp_now()
        if self.pauses != 0:
            self.idle += now - self.paused_at
        self.pauses += change
        self.paused_at = now

    cdef void note_time(self, uint64_t *time) noexcept:
        tp_mutex_lock(&self.native_lock)
        time[0] = tp_now()
        tp_mutex_unlock(&self.native_lock)

    def pause(self):
        """Something in the thread waits for messages."""
        tp_mutex_lock(&self.native_lock)
        self.count_pause(1)
        tp_mutex_unlock(&self.native_lock)

    def resume(self):
        """It does not any more."""
        tp_mutex_lock(&self.native_lock)
        self.count_pause(-1)
        tp_mutex_unlock(&self.native_lock)

    def utilization(self):
        """The part of its time for which the thread has not waited for messages, from 0 to 1."""
        tp_mutex_lock(&self.native_lock)
        self.count_pause(0)
        cdef uint64_t idle = self.idle
        cdef uint64_t start = self.started_at
        cdef uint64_t end = self.ended_at if self.ended_at else tp_now()
        tp_mutex_unlock(&self.native_lock)
        if start == 0:
            return 0.0
        return max(0.0, 1.0 - idle / <double>max(1, end - start))

    @property
    def is_set(self):
        return self.flag

    def set(self):
        """Ends the waits of the thread, now and later."""
        self.flag = True
        tp_mutex_lock(&self.native_lock)
        if self.waiting is not NULL:
            tp_queue_wake(self.waiting)
        tp_mutex_unlock(&self.native_lock)

    def check(self):
        """For the thread. WorkerTerminated: it is to end."""
        if self.flag:
            self.is_told = True
            raise WorkerTerminated(1)

    def check_once(self):
        """The same, for its event loop, which is not disturbed when it cleans up after that."""
        if not self.is_told:
            self.check()

    def interrupt(self):
        """Raises WorkerTerminated in the thread's Python code. False: it runs none, or unwinds; next time it does not."""
        with self.lock:
            if self.thread == 0 or self.is_told:
                self.is_told = False
                return False
            self.is_late = self.is_spared
            if not self.is_spared:
                PyThreadState_SetAsyncExc(self.thread, <PyObject *>WorkerTerminated)
            return True

    def spare(self, fn):
        """Calls ``fn()`` in the thread, which is interrupted after it only. It may do the same."""
        with self.lock:
            was_spared, self.is_spared = self.is_spared, True
        try:
            fn()
        finally:
            with self.lock:
                self.is_spared = was_spared
                if self.is_late and not was_spared:
                    self.is_late = False
                    PyThreadState_SetAsyncExc(self.thread, <PyObject *>WorkerTerminated)

    def run(self, fn):
        """Calls ``fn()`` in this thread, which from now on is this Stop's; returns what it raised, or None.

        Only in here the thread is interrupted: what comes after it is safe from that.
        """
        global tp_this_stop
        cdef PyObject *result
        tp_this_stop = <void *>self
        with self.lock:
            self.thread = PyThread_get_thread_ident()
        self.is_main = threading.main_thread().ident == PyThread_get_thread_ident()
        self.note_time(&self.started_at)
        result = PyObject_CallNoArgs(fn)
        # No Python code runs from here on until what may have been sent meanwhile is withdrawn.
        error = None
        if result is NULL:
            error = <object>tp_take_exception()
            Py_DECREF(error)
        else:
            Py_DECREF(<object>result)
        with self.lock:
            withdraw(self.thread)
            self.thread = 0
        self.note_time(&self.ended_at)
        tp_this_stop = NULL
        return error
