"""A run: a function and its items become a loop, which is opened, worked at and closed."""

import contextvars
import functools
import operator

cimport cython
from libc.math cimport INFINITY
from libc.stdint cimport uint64_t

from threadpool.pool._engine cimport STARTED, Engine
from threadpool.pool._items cimport Items
from threadpool.pool._kernel cimport Batch, Kernel
from threadpool.pool._native cimport *
from threadpool.pool._python cimport TP_FREE_THREADED
from threadpool.pool._python_loop cimport PythonLoop, add_index, current_frame
from threadpool.pool._watch cimport Watch

cdef tuple ERRORS = ("raise", "group", "return")

# A kernel that takes less than this is not worth waking another thread for.
cdef double WORTH_SHARING_NANOSECONDS = 30_000

# Items that a thread takes at once from a share with plenty left: enough to make the taking cheap, few enough that what
# a slow item holds up is little.
cdef enum: BURST = 4


cdef class Handle:
    """Cancels runs from outside, one at a time."""

    def __cinit__(self):
        self.made_at = tp_now()

    def cancel(self):
        """Nothing is started any more. The run then ends with the items in progress. Thread-safe."""
        with cython.critical_section(self):
            self.cancelled = True
            if self.loop is not NULL:
                tp_loop_lower_limit(self.loop, 0)

    cdef int attach(self, tp_loop *loop) except -1:
        with cython.critical_section(self):
            self.loop = loop
            if self.cancelled:
                tp_loop_lower_limit(loop, 0)
        return 0

    cdef bint was_cancelled(self) except -1:
        cdef bint cancelled
        with cython.critical_section(self):
            cancelled = self.cancelled
        return cancelled

    cdef int detach(self) except -1:
        with cython.critical_section(self):
            self.loop = NULL
        return 0


cdef class Run:
    """One call of `run`, checked and ready to go."""

    cdef Engine engine
    cdef PythonLoop python       # a Python function's loop, or
    cdef Batch batch             # a kernel's
    cdef size_t unit
    cdef size_t width
    cdef bint as_group
    cdef uint64_t deadline
    cdef object timeout
    cdef Watch watch
    cdef Handle handle
    cdef size_t first            # the number of the first item, for messages
    cdef size_t done             # items, failed ones included, once it has ended
    cdef size_t failed           # the item at which a kernel failed
    cdef size_t failures
    cdef bint was_cut            # there are results of its first items only

    def __init__(self, Engine engine, fn, data, workers, chunk, errors, timeout, report=None, star=False,
                 Handle handle=None, context=None, size_t first=0, bint item_by_item=False):
        self.engine = engine
        self.unit = 0 if chunk is None else at_least_one("chunk", chunk)
        self.width = engine.pool.limit if workers is None else at_least_one("workers", workers)
        if not callable(fn):
            raise TypeError(f"fn must be callable, not {type(fn).__name__!r}")
        if not isinstance(errors, str) or errors not in ERRORS:
            raise ValueError(f"errors must be 'raise', 'group' or 'return', not {errors!r}")
        self.as_group = errors == "group"
        self.timeout = timeout
        self.deadline = TP_NEVER
        if timeout is not None:
            self.deadline = (tp_now() if handle is None else handle.made_at) + <uint64_t>(seconds("timeout", timeout) * 1e9)
        self.watch = Watch(report, timeout is not None)
        self.handle = handle
        self.first = first
        if handle is None:  # else it was accepted before, as a task
            check_open(engine)
        kernel, options = kernel_of(fn)
        if kernel is not None and star:
            raise TypeError(f"a kernel takes one input: use run, not starmap, for {fn!r}")
        # A batch of a kernel has one failure; a kernel that is called as any function has one for each item.
        if kernel is None or item_by_item or errors != "raise":
            self.python = PythonLoop(fn, Items(data), contextvars.copy_context() if context is None else context, star,
                                     errors != "raise", first)
        else:
            self.batch = (<Kernel>kernel).bind(data, options)

    def __call__(self):
        """Does it, and returns the results or raises. The calling thread takes part, or waits. Once."""
        cdef bint caller_works = self.engine.may_run_here()
        cdef tp_loop *loop = self.new_loop(caller_works)
        try:
            if self.handle is not None:
                self.handle.attach(loop)
            try:
                self.open(loop)
                if not caller_works or self.only_watches(loop.width):
                    self.wait_while_others_work(loop, caller_works)
                else:
                    self.work(loop)
            except BaseException as error:
                tp_loop_lower_limit(loop, 0)
                self.watch.error = error
            self.close(loop)
            error = self.error(loop)
        finally:
            if self.handle is not None:
                self.handle.detach()
            tp_loop_free(loop)
        if error is not None:
            try:
                raise error
            finally:
                del error  # else the traceback, and so all it holds, would be part of a cycle
        if self.was_cut:
            return self.results_before_failure()
        return self.python.finished(self.as_group, self.failures > 0) if self.batch is None else self.batch.results()

    def cut_after(self, uint64_t nanoseconds):
        """The run, of one thread, then returns what it has, which is at least the first result."""
        self.watch.cut_at = tp_now() + nanoseconds

    def results_before_failure(self):
        """What a run by one thread had done when it failed or was cut."""
        if self.batch is None:
            return self.python.results_before_failure(self.done)
        return self.batch.results()[:min(self.done, self.failed)]

    cdef bint only_watches(self, size_t width) noexcept:
        """Whether the caller, which could work, does not so that it can tell of progress at all times."""
        return self.watch.report is not None and width > 1 and not self.engine.is_own_thread()

    cdef tp_loop *new_loop(self, bint caller_works) except NULL:
        cdef size_t count = self.python.items.count if self.batch is None else self.batch.count
        cdef size_t unit = self.unit
        if unit == 0:
            unit = 1 if self.batch is None else max(<uint32_t>1, self.batch.unit)
        cdef size_t units = count // unit + (count % unit != 0)
        cdef uint32_t burst = 1 if self.unit else BURST if self.batch is None else self.batch.burst
        cdef size_t width = max(<size_t>1, min(min(self.width, units), self.engine.pool.limit))
        cdef bint serial = width == 1 and not caller_works
        cdef tp_loop *loop
        if self.batch is None:
            # Seat 0 is the caller's, whether it works or not.
            width += not caller_works or self.only_watches(width)
            loop = tp_loop_new(count, unit, burst, <unsigned>width, NULL, <void *>self.python)
        else:
            if self.batch.nanoseconds < WORTH_SHARING_NANOSECONDS and caller_works:
                width = 1
            width += not caller_works or self.only_watches(width)
            loop = tp_loop_new(count, unit, burst, <unsigned>width, self.batch.body, self.batch.arguments)
        if loop is NULL:
            raise MemoryError
        if serial:
            tp_loop_make_serial(loop)
        loop.deadline = self.deadline
        loop.outer = current_frame()
        loop.foreign = not self.engine.is_own_thread()
        return loop

    cdef int open(self, tp_loop *loop) except -1:
        if loop.width == 1:
            return 0
        cdef unsigned threads = tp_pool_open(&self.engine.pool, loop)
        while threads < loop.width - 1 and self.engine.start_worker(loop.width - 1) == STARTED:
            threads += 1
        if TP_FREE_THREADED and self.batch is None:
            self.watch.mind_pace(&self.engine.pool)
        return 0

    cdef int work(self, tp_loop *loop) except -1:
        cdef bint done = False
        cdef uint64_t patience
        if self.batch is None:
            self.python.work(loop, 0, self.watch, NULL, NULL)
            return 0
        while not done:
            patience = self.watch.patience(loop)
            with nogil:
                done = tp_loop_work(loop, 0, patience)
            self.watch.look(loop)
        return 0

    cdef int wait_while_others_work(self, tp_loop *loop, bint may_help) except -1:
        """The caller only watches, for its thread has not been initialized, or to tell of progress at all times."""
        cdef bint done = False
        cdef uint64_t patience
        while True:
            self.watch.look(loop)
            patience = self.watch.patience(loop)
            with nogil:
                done = tp_pool_wait_for_loop(&self.engine.pool, loop, patience)
            if done:
                return 0
            if loop.guests:
                continue
            if may_help:
                # Nobody has come: they may all be waiting, for something that this thread holds.
                return self.work(loop)
            if self.engine.pool.stopping:
                raise shut_down(self.engine, "nothing of the run was done")
            if self.engine.pool.threads == 0 and self.engine.start_worker(loop.width - 1) != STARTED:
                raise RuntimeError(f"pool {self.engine.name!r} has an initializer, and no thread could be started")

    cdef int close(self, tp_loop *loop) except -1:
        """Waits for the guests. A signal handler that raises meanwhile cancels the loop."""
        cdef bint done = loop.width == 1 or self.engine.abandoned
        cdef uint64_t patience
        while not done:
            patience = self.watch.patience(loop)
            with nogil:
                done = tp_pool_close(&self.engine.pool, loop, patience)
            if not done:
                self.watch.look(loop)
        return 0

    cdef object error(self, tp_loop *loop):
        """What the run raises, once the loop is closed, or None."""
        cdef bint late = loop.count and loop.deadline != TP_NEVER and tp_now() >= loop.deadline
        cdef tp_seat *seat = NULL if self.batch is None else tp_loop_lowest_failure(loop)
        error = self.python.failure(loop) if self.batch is None else None
        cdef size_t failed = tp_loop_failures(loop)
        self.failures = failed
        cdef size_t done = max(tp_loop_done(loop), failed)  # an error of the engine may have left it uncounted
        self.done = done
        self.failed = TP_NO_INDEX if seat is NULL else seat.failed
        cdef bint cancelled = done < loop.count and self.handle is not None and self.handle.was_cancelled()
        self.was_cut = done < loop.count and self.watch.cut_at and not (failed or cancelled or self.watch.error is not None)
        tp_pool_count(&self.engine.pool, done - failed, failed, 0 if self.was_cut else loop.count - done)
        if seat is not NULL:
            error = self.kernel_failure(seat)
        if self.watch.error is not None:
            return self.watch.error
        if self.batch is None and self.python.broken is not None:
            return self.python.broken
        if error is not None and not isinstance(error, Exception):
            return error
        if self.engine.abandoned and loop.width > 1:
            return RuntimeError("this process was forked inside an item of the run, which goes on in its parent only")
        if loop.aborted and done < loop.count:
            return chained(shut_down(self.engine, f"{done} of {loop.count} items were done"), error)
        if late:
            return chained(TimeoutError(f"timed out after {self.timeout} s: {done} of {loop.count} items were done"), error)
        if error is None and cancelled:
            from concurrent.futures import CancelledError

            return CancelledError(f"cancelled: {done} of {loop.count} items were done")
        if error is None:
            self.watch.finish(loop)
        return error

    cdef object kernel_failure(self, tp_seat *seat):
        """What the code that the kernel returned stands for, or what the user's function for that raised."""
        try:
            error = self.batch.error(seat.failed, seat.code)
        except BaseException as raised:
            error = raised
        add_index(error, self.first + seat.failed)
        return error


cdef object chained(error, cause):
    error.__context__ = cause
    return error


cdef tuple kernel_of(fn):
    """The kernel that `fn` is, or is a functools.partial of, and its options; (None, None) for a Python function."""
    if isinstance(fn, Kernel):
        return fn, {}
    if type(fn) is functools.partial and isinstance(fn.func, Kernel) and not fn.args:
        return fn.func, fn.keywords
    return None, None


cdef object shut_down(Engine engine, str consequence):
    if engine.broken is None:
        return RuntimeError(f"pool {engine.name!r} was shut down: {consequence}")
    return engine.refusal()


cpdef int check_open(Engine engine) except -1:
    """RuntimeError: the engine takes nothing any more from the calling thread."""
    if engine.pool.closed and not engine.is_own_thread():
        raise shut_down(engine, "it runs nothing any more")
    return 0


cpdef size_t at_least_one(str name, value) except 0:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__!r}") from None
    if number < 1:
        raise ValueError(f"{name} must be at least 1, not {number}")
    return min(number, (1 << 62))


cpdef double seconds(str name, value) except? -1:
    """Any number, from 0 to 30 years: shorter times and longer ones make no difference."""
    if isinstance(value, str):
        raise TypeError(f"{name} must be a number of seconds, not 'str'")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__!r}") from None
    except OverflowError:
        number = INFINITY if value > 0 else 0.0
    if number != number:
        raise ValueError(f"{name} must be a number of seconds, not NaN")
    return max(0.0, min(number, 1e9))
