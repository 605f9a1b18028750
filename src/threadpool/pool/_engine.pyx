"""The engine: opens loops, takes part in them, and lends threads to those of others."""

import functools
import operator
import os
import sys
import threading

from libc.stdint cimport uint64_t

from threadpool.pool._items cimport Items
from threadpool.pool._kernel cimport Batch, Kernel
from threadpool.pool._native cimport *
from threadpool.pool._python_loop cimport PythonLoop

from threadpool.pool._threads import serve

cdef extern from "Python.h":
    """
    #if defined(Py_GIL_DISABLED)
    #define TP_FREE_THREADED 1
    #else
    #define TP_FREE_THREADED 0
    #endif
    """
    const bint TP_FREE_THREADED
    int PyErr_CheckSignals() except -1

cdef tuple ERRORS = ("raise", "group", "return")

# How often a thread that waits, or runs a kernel, looks whether Ctrl-C was pressed.
cdef uint64_t SIGNAL_NANOSECONDS = 50_000_000

# A kernel that takes less than this is not worth waking another thread for.
cdef double WORTH_SHARING_NANOSECONDS = 30_000

# Objects made by a thread that is parked are freed only when it runs Python code again (3.13, 3.14: biased reference
# counts), and a caller drops its results after the loop. So a thread that ran Python code wakes a few times after its
# last work, at doubling intervals, 2 seconds in all. With the GIL there is no need.
cdef uint64_t FIRST_NAP_NANOSECONDS = 1_000_000
cdef enum: NAPS = 11


cdef class Engine:
    """Threads, and the loops they help with. Safe to use from any thread."""

    cdef tp_pool pool
    cdef readonly unsigned width
    cdef readonly unsigned started   # threads; written under `starting`
    cdef readonly str name
    cdef bint stopped
    cdef bint abandoned
    cdef object starting
    cdef object __weakref__

    def __cinit__(self, unsigned width, str name):
        tp_pool_init(&self.pool, os.cpu_count() > 1)
        self.width = width
        self.name = name
        self.starting = threading.Lock()

    def __dealloc__(self):
        # In a forked child the locks may be held, or waited for, by threads that are not there.
        if not self.abandoned:
            tp_pool_destroy(&self.pool)

    def run(self, fn, data, workers, chunk, errors):
        cdef size_t unit = 0 if chunk is None else at_least_one("chunk", chunk)
        cdef size_t width = self.width
        if workers is not None:
            width = min(width, at_least_one("workers", workers))
        if not callable(fn):
            raise TypeError(f"fn must be callable, not {type(fn).__name__!r}")
        if errors not in ERRORS:
            raise ValueError(f"errors must be 'raise', 'group' or 'return', not {errors!r}")
        if isinstance(fn, Kernel):
            return self.run_batch((<Kernel>fn).bind(data, {}), width, unit)
        if type(fn) is functools.partial and isinstance(fn.func, Kernel) and not fn.args:
            return self.run_batch((<Kernel>fn.func).bind(data, fn.keywords), width, unit)
        return self.run_python(PythonLoop(fn, Items(data), errors != "raise"), width, unit, errors == "group")

    cdef list run_python(self, PythonLoop run, size_t width, size_t unit, bint as_group):
        cdef tp_loop *loop = new_loop(run.items.count, unit, 4, width, NULL, <void *>run)
        signal = None
        try:
            self.open(loop)
            try:
                run.work(loop, 0)
            except BaseException as error:
                tp_loop_lower_limit(loop, 0)
                signal = error
            signal = self.close(loop) or signal
            error = signal or run.failure(loop)
        finally:
            tp_loop_free(loop)
        if error is not None:
            try:
                raise error
            finally:
                del error, signal  # else the traceback, and so all it holds, would be part of a cycle
        return run.finished(as_group)

    cdef list run_batch(self, Batch batch, size_t width, size_t unit):
        if batch.nanoseconds < WORTH_SHARING_NANOSECONDS:
            width = 1
        cdef tp_loop *loop = new_loop(batch.count, unit, batch.burst, width, batch.body, batch.arguments)
        cdef bint done = False
        cdef tp_seat *seat
        cdef size_t index
        signal = None
        try:
            self.open(loop)
            while not done:
                with nogil:
                    done = tp_loop_work(loop, 0, SIGNAL_NANOSECONDS)
                try:
                    PyErr_CheckSignals()
                except BaseException as error:
                    tp_loop_lower_limit(loop, 0)
                    signal = error
            signal = self.close(loop) or signal
            if signal is not None:
                raise signal
            seat = tp_loop_lowest_failure(loop)
            if seat is not NULL:
                error = batch.error(seat.failed, seat.code)
                error.add_note(f"threadpool: item {seat.failed} of the run")
                raise error
        finally:
            tp_loop_free(loop)
        return batch.results()

    cdef int open(self, tp_loop *loop) except -1:
        if loop.width > 1:
            if self.started + 1 < loop.width:
                self.start_threads(loop.width - 1)
            with nogil:
                tp_pool_open(&self.pool, loop)
        return 0

    cdef object close(self, tp_loop *loop):
        """Waits for the guests. Returns what a signal handler raised meanwhile, which cancels the loop."""
        cdef bint done
        if loop.width == 1:
            return None
        signal = None
        while True:
            with nogil:
                done = tp_pool_close(&self.pool, loop, SIGNAL_NANOSECONDS)
            if done:
                return signal
            try:
                PyErr_CheckSignals()
            except BaseException as error:
                tp_loop_lower_limit(loop, 0)
                signal = error

    cdef int start_threads(self, unsigned wanted) except -1:
        """Starts threads until there are `wanted`. When it cannot, the caller does the work."""
        # Whoever starts some already will do; waiting could deadlock with a signal handler in the same thread.
        if self.stopped or not self.starting.acquire(blocking=False):
            return 0
        try:
            while self.started < wanted and not self.stopped:
                worker = Worker(self)
                name = f"{self.name}-{self.started}"
                # Not a daemon: attaching while the interpreter ends would hang it (3.14).
                threading.Thread(target=serve, args=(worker.step,), name=name, daemon=False).start()
                self.started += 1
                debug(f"{name} started")
        except (RuntimeError, OSError, MemoryError) as error:
            debug(f"no thread could be started, the caller works alone: {error}")
        finally:
            self.starting.release()
        return 0

    def stop(self):
        """Ends the threads once the loops they are in have no more for them; later runs use the caller alone."""
        self.stopped = True
        with nogil:
            tp_pool_stop(&self.pool)

    def abandon(self):
        """In a forked child: forgets threads that were not forked and locks that they may hold."""
        self.abandoned = True


cdef class Worker:
    """What one thread of an engine does."""

    cdef Engine engine
    cdef unsigned naps

    def __cinit__(self, Engine engine):
        self.engine = engine
        self.naps = NAPS

    def step(self):
        """Waits for something to do and does it; False when the thread shall end.

        Called in a loop by Python code, which is where an interpreter frees what other threads dropped.
        """
        cdef tp_pool *pool = &self.engine.pool
        cdef uint64_t nap = FIRST_NAP_NANOSECONDS << self.naps if self.naps < NAPS else TP_FOREVER
        cdef tp_loop *loop = NULL
        cdef unsigned seat = 0
        cdef tp_found found
        with nogil:
            found = tp_pool_wait(pool, nap, &loop, &seat)
            if found == TP_FOUND_SEAT:
                tp_loop_work(loop, seat, TP_FOREVER)
                tp_pool_leave(pool, loop, seat)
        if found == TP_FOUND_NOTHING:
            self.naps += 1
        elif found == TP_FOUND_LOOP and tp_pool_join(pool, &loop, &seat):
            try:
                help_with(loop, seat)
            finally:
                tp_pool_leave(pool, loop, seat)
            self.naps = 0 if TP_FREE_THREADED else NAPS
        return found != TP_FOUND_STOP


cdef int debug(str words) except -1:
    # Importing logging would take as long as importing the rest; who has not, has no handler for us either.
    logging = sys.modules.get("logging")
    if logging is not None:
        logging.getLogger("threadpool").debug(words)
    return 0


cdef int help_with(tp_loop *loop, unsigned seat) except -1:
    # A function of its own, so that its reference to the run is gone before the seat is left.
    (<PythonLoop>loop.context).work(loop, seat)
    return 0


cdef tp_loop *new_loop(size_t count, size_t unit, unsigned burst, size_t width, tp_kernel body, void *context) except NULL:
    cdef size_t units = count if unit == 0 else count // unit + (count % unit != 0)
    cdef tp_loop *loop = tp_loop_new(count, unit, burst, <unsigned>max(<size_t>1, min(width, units)), body, context)
    if loop is NULL:
        raise MemoryError
    return loop


cdef size_t at_least_one(str name, value) except 0:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__!r}") from None
    if number < 1:
        raise ValueError(f"{name} must be at least 1, not {number}")
    return min(number, (1 << 62))
