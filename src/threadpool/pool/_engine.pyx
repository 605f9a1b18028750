"""The engine: threads, the loops they help with, and the tasks that wait for them."""

import contextvars
import sys
import threading

cimport cython
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport uint64_t

from threadpool.pool._native cimport *
from threadpool.pool._python cimport TP_FREE_THREADED, PyErr_CheckSignals
from threadpool.pool._python_loop cimport PythonLoop, is_visitor
from threadpool.pool._task cimport Task
from threadpool.pool._watch cimport SIGNAL_NANOSECONDS

from threadpool.errors import QueueFull
from threadpool.pool._threads import serve
from threadpool.pool.width import usable_cores

cdef extern from "Python.h":
    """
    /* The worker that the thread is, borrowed, or NULL. */
    static _Thread_local void *tp_this_worker;

    #if defined(__linux__)
    #include <pthread.h>
    static void tp_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
    #elif defined(__APPLE__)
    #include <pthread.h>
    static void tp_name_thread(const char *name) { pthread_setname_np(name); }
    #else
    static void tp_name_thread(const char *name) { (void)name; }
    #endif
    """
    void *tp_this_worker
    void tp_name_thread(const char *name)

# How long a thread works at a kernel's loop before it looks whether a task waits.
cdef uint64_t SLICE_NANOSECONDS = 200_000

# Objects made by a thread that is parked are freed only when it runs Python code again (3.13, 3.14: biased reference
# counts), and a caller drops its results after the loop. So a thread that ran Python code wakes a few times after its
# last work, at doubling intervals, 2 seconds in all. With the GIL there is no need.
cdef uint64_t FIRST_NAP_NANOSECONDS = 1_000_000
cdef enum: NAPS = 11

# From 3.14 on a thread may inherit the context of who starts it, and would keep it alive; tasks bring theirs along.
cdef dict thread_options():
    return {"context": contextvars.Context()} if sys.version_info >= (3, 14) else {}



PERCENTILES = (0.5, 0.9, 0.99, 1.0)


cdef class Engine:
    """Threads, the loops they help with, and the tasks that wait for them. Safe to use from any thread."""

    def __cinit__(self, unsigned width, str name, initializer=None, tuple initargs=(), idle_timeout=None,
                  max_queue=None, bint raise_when_full=False):
        tp_pool_init(&self.pool, usable_cores() > 1, width, <size_t>-1 if max_queue is None else max_queue)
        self.name = name
        self.initializer = initializer
        self.initargs = initargs
        self.idle_timeout = TP_FOREVER if idle_timeout is None else <uint64_t>(min(idle_timeout, 1e9) * 1e9)
        self.raise_when_full = raise_when_full
        self.roster = set()

    def __dealloc__(self):
        # In a forked child the locks may be held, or waited for, by threads that are not there.
        if not self.abandoned:
            tp_pool_destroy(&self.pool)

    @property
    def width(self):
        return self.pool.limit

    @property
    def workers(self):
        """The workers that are there, by index."""
        return sorted(self.roster.copy(), key=worker_index)

    # Tasks

    cdef int submit(self, Task task) except -1:
        """Queues a task. Where no thread can be started the caller runs it."""
        if not self.enqueue(task):
            task.run()
            return 0
        if not tp_pool_is_unattended(&self.pool):
            return 0
        try:
            if self.start_worker(self.pool.limit) != STARTED:
                # A task that awaits another one on an event loop of its own keeps its thread: that one needs one more.
                if self.is_own_thread() and runs_event_loop():
                    self.start_worker(0, <Worker>tp_this_worker)
                self.work_alone()
        except BaseException:
            if self.claim(task):  # Ctrl-C
                task.queued_at = 0
            raise
        return 0

    cdef bint enqueue(self, Task task) except -1:
        """False: the threads have been sent home, but this task is part of something that goes on without them."""
        cdef tp_submitted submitted
        # No thread of any pool waits for room: it may be the one that would make it, or be waited for by that one.
        cdef bint insists = task.insists or (tp_this_worker is not NULL and not self.raise_when_full)
        if self.abandoned:
            raise RuntimeError(f"pool {self.name!r} is that of the process which forked this one")
        task.queued_at = tp_now()
        Py_INCREF(task)  # the queue's reference
        try:
            while (submitted := tp_pool_submit(&self.pool, &task.native, insists)) == TP_QUEUE_FULL:
                if self.raise_when_full:
                    raise QueueFull(f"the queue of pool {self.name!r} is full: {self.pool.queued} tasks are waiting")
                with nogil:
                    tp_pool_wait_for_room(&self.pool, SIGNAL_NANOSECONDS)
                PyErr_CheckSignals()
            if submitted == TP_POOL_STOPPED:
                if not task.insists or (self.pool.closed and not self.is_own_thread()):
                    raise self.refusal()
                Py_DECREF(task)
                return False
        except BaseException:
            task.queued_at = 0
            Py_DECREF(task)
            raise
        return True

    cdef bint claim(self, Task task) noexcept:
        """Takes a task out of the queue, so that it is the caller's to run or to cancel; False when it has gone."""
        if self.abandoned or not tp_pool_claim(&self.pool, &task.native):
            return False
        Py_DECREF(task)
        return True

    def cancel_queued(self):
        """Cancels every task that has not started."""
        self.discard_queued(False)

    cdef int discard_queued(self, bint refuse) except -1:
        cdef tp_task *native
        while (native := tp_pool_drain(&self.pool)) is not NULL:
            discard(native, refuse)
        return 0

    cdef bint post(self, Task task, unsigned index) except -1:
        """Queues a task for the thread with that index, and starts it first if need be. False: a resize did away with it."""
        cdef Start start
        task.queued_at = tp_now()
        Py_INCREF(task)
        try:
            while not tp_pool_post(&self.pool, &task.native, index):
                start = self.start_worker(index + 1)
                if start == IMPOSSIBLE or self.pool.stopping:
                    raise self.refusal()
                if start == UNWANTED and index >= self.pool.limit:
                    Py_DECREF(task)
                    return False
        except BaseException:
            Py_DECREF(task)
            raise
        return True

    cdef int work_alone(self) except -1:
        """Where no thread can be started, does what is queued; or refuses it, if that needs a thread initialized."""
        cdef tp_task *native
        cdef Task task
        while self.pool.threads == 0 and (native := tp_pool_drain(&self.pool)) is not NULL:
            if self.initializer is not None:
                discard(native, True)
                continue
            task = <Task>native.owner
            Py_DECREF(task)
            task.run()
        return 0

    cdef object refusal(self):
        """Why a task is not run."""
        if self.broken is not None:
            from concurrent.futures.thread import BrokenThreadPool

            error = BrokenThreadPool(f"the initializer of pool {self.name!r} failed")
            error.__cause__ = self.broken
            return error
        if self.pool.stopping:
            return RuntimeError(f"pool {self.name!r} was shut down")
        return RuntimeError(f"no thread could be started for pool {self.name!r}")

    # Threads

    cdef bint is_own_thread(self) noexcept:
        return tp_this_worker is not NULL and (<Worker>tp_this_worker).engine is self

    cdef bint may_run_here(self) noexcept:
        """Whether the calling thread is initialized as those of the pool are."""
        return self.initializer is None or self.is_own_thread()

    cdef bint needs_help(self) noexcept:
        """Whether what the calling thread has queued, and waits for, might be done by no other: a thread of any pool may be
        waited for by those of this one."""
        return tp_this_worker is not NULL or self.pool.threads == 0

    cdef Start start_worker(self, unsigned wanted, Worker principal=None) except *:
        """Starts one more thread, unless those below `wanted` are there; or one that stands in for the principal."""
        cdef Worker worker = Worker(self)
        if not tp_pool_enroll(&self.pool, &worker.native, wanted, NULL if principal is None else &principal.native):
            return UNWANTED
        try:
            name = f"{self.name}-{worker.native.index}"
            # Not a daemon: attaching while the interpreter ends would hang it (3.14).
            worker.thread = threading.Thread(target=serve, args=(worker,), name=name, daemon=False, **thread_options())
            self.roster.add(worker)
            worker.thread.start()
        except BaseException as error:
            # Ctrl-C may have come when the thread had started: then it is there to stay.
            if worker.claim_begin():
                worker.leave()
            if not isinstance(error, (RuntimeError, OSError, MemoryError)):
                raise
            debug(f"a thread of {self.name} could not be started, the caller works alone: {error}")
            self.work_alone()  # others may have counted on it
            return IMPOSSIBLE
        debug(f"{name} started")
        return STARTED

    def is_current(self):
        """Whether the calling thread is one of its own."""
        return self.is_own_thread()

    def resize(self, unsigned width):
        tp_pool_resize(&self.pool, width)
        for _ in range(self.pool.queued):
            if not tp_pool_is_unattended(&self.pool) or self.start_worker(width) != STARTED:
                break

    def stop(self, bint close=False):
        """The threads finish the tasks that are queued, then end; later runs use the caller alone.

        With `close`, runs from outside that go on end with the items in progress, and later ones are refused.
        """
        if self.abandoned:
            return
        debug(f"{self.name} stops")
        with nogil:
            tp_pool_stop(&self.pool, close)

    def join(self):
        """Waits until all threads have ended, after `stop`."""
        cdef bint ended = False
        workers = self.workers
        while not ended:
            with nogil:
                ended = tp_pool_wait_for_end(&self.pool, SIGNAL_NANOSECONDS)
            PyErr_CheckSignals()
        for worker in workers:
            if tp_worker_started(&(<Worker>worker).native):  # else the system had no thread for it
                (<Worker>worker).thread.join()

    def abandon(self):
        """In a forked child: forgets threads that were not forked and locks that they may hold."""
        self.abandoned = True

    def fail(self, error):
        """The initializer raised: nothing can be run."""
        with cython.critical_section(self):
            if self.broken is None:  # the first, so that nobody who reads it sees it change
                self.broken = error
        self.stop(True)
        self.discard_queued(True)

    def open_loops(self):
        """(items done, items, workers at it) of each open loop, newest first; of 64 at the most."""
        cdef tp_loop_figures figures[64]
        cdef size_t count = tp_pool_describe_loops(&self.pool, figures, 64)
        return [(figures[i].done, figures[i].count, figures[i].guests) for i in range(count)]

    def figures(self):
        """What `Pool.stats` tells, at some moment."""
        cdef tp_pool *pool = &self.pool
        cdef uint64_t now = tp_now()
        cdef uint64_t started
        cdef uint64_t busy = 0
        cdef uint64_t passed = 0
        for worker in self.workers:
            busy += tp_worker_busy(&(<Worker>worker).native)
            started = tp_worker_started(&(<Worker>worker).native)
            if 0 < started < now:
                passed += now - started
        return {
            "workers": pool.threads,
            "busy": max(0, <int>pool.threads - <int>pool.parked - <int>pool.spinning),
            "queued": pool.queued,
            "completed": pool.completed,
            "failed": pool.failed,
            "cancelled": pool.cancelled,
            "busy_seconds": busy * 1e-9,
            "seconds": passed * 1e-9,
            "wait_times": [tp_histogram_quantile(&pool.wait_times, part) * 1e-9 for part in PERCENTILES],
            "run_times": [tp_histogram_quantile(&pool.run_times, part) * 1e-9 for part in PERCENTILES],
        }


cdef class Worker:
    """What one thread of an engine does."""

    def __cinit__(self, Engine engine):
        self.engine = engine
        self.naps = NAPS

    @property
    def index(self):
        return self.native.index

    @property
    def activity(self):
        """The function that it runs, or None."""
        with cython.critical_section(self):
            return self.doing

    cdef int now_doing(self, fn) except -1:
        with cython.critical_section(self):
            self.doing, fn = fn, self.doing
        return 0

    cdef bint claim_begin(self):
        """True for one caller."""
        cdef bint begun
        with cython.critical_section(self):
            begun = self.begun
            self.begun = True
        return not begun

    def begin(self):
        """Called first, in the thread itself. False: it cannot work, and ends."""
        global tp_this_worker
        if not self.claim_begin():
            return False
        tp_this_worker = <void *>self
        self.idle_since = tp_now()
        tp_worker_start(&self.native, self.idle_since)
        # The last 15 bytes of the name, which is all that Linux keeps: the index is at the end.
        name = self.thread.name.encode(errors="replace")
        tp_name_thread(name[max(0, len(name) - 15):])
        if self.engine.initializer is None:
            return True
        try:
            self.engine.initializer(*self.engine.initargs)
        except BaseException as error:
            self.engine.fail(error)
            return False
        return True

    def step(self):
        """Waits for something to do and does it; False when the thread shall end.

        Called in a loop by Python code, which is where an interpreter frees what other threads dropped.
        """
        cdef tp_pool *pool = &self.engine.pool
        cdef uint64_t patience = self.patience()
        cdef uint64_t started = 0
        cdef tp_loop *loop = NULL
        cdef unsigned seat = 0
        cdef tp_found found
        with nogil:
            found = tp_pool_wait(pool, &self.native, patience, &loop, &seat)
            if found == TP_FOUND_SEAT:
                started = tp_now()
                while not tp_loop_work(loop, seat, SLICE_NANOSECONDS) and not tp_pool_is_wanted(pool, &self.native):
                    pass
                tp_pool_leave(pool, loop, seat)
        if found == TP_FOUND_NOTHING:
            return self.doze()
        if found == TP_FOUND_STOP:
            return False
        if found == TP_FOUND_TASK:
            started = tp_now()
            self.run_task()
        elif found == TP_FOUND_LOOP:
            started = tp_now()
            if tp_pool_join(pool, &loop, &seat):
                try:
                    self.help_with(loop, seat)
                finally:
                    self.now_doing(None)
                    if not self.engine.abandoned:
                        tp_pool_leave(pool, loop, seat)
        if self.engine.abandoned:  # the process was forked in an item or a task, and ends with this thread
            return False
        if found != TP_FOUND_SEAT:
            self.naps = 0 if TP_FREE_THREADED else NAPS
        self.idle_since = tp_now()
        tp_worker_add_busy(&self.native, self.idle_since - started)
        return True

    cdef uint64_t patience(self) noexcept:
        cdef uint64_t idle
        if self.naps < NAPS:
            return FIRST_NAP_NANOSECONDS << self.naps
        if self.engine.idle_timeout == TP_FOREVER:
            return TP_FOREVER
        idle = tp_now() - self.idle_since
        return self.engine.idle_timeout - idle if idle < self.engine.idle_timeout else 0

    def doze(self):
        """The time is over and there is nothing to do. False: the thread ends."""
        if self.naps < NAPS:
            self.naps += 1
            return True
        if tp_now() - self.idle_since < self.engine.idle_timeout or not tp_pool_expire(&self.engine.pool, &self.native):
            return True
        debug(f"{self.thread.name} expired")
        return False

    def end(self):
        """Called last, in the thread itself."""
        global tp_this_worker
        tp_this_worker = NULL
        if self.engine.abandoned:
            return
        self.leave()
        if tp_pool_is_unattended(&self.engine.pool):
            self.engine.start_worker(self.engine.pool.limit)

    cdef int leave(self) except -1:
        """Leaves the pool, unless it has."""
        cdef tp_task *native
        tp_pool_leave_for_good(&self.engine.pool, &self.native)
        self.engine.roster.discard(self)
        # None, but where the initializer failed or the thread could not be started. Nothing is posted to who has left.
        while (native := tp_pool_take_own(&self.engine.pool, &self.native)) is not NULL:
            discard(native, True)
        return 0

    cdef int run_task(self) except -1:
        cdef tp_task *native = tp_pool_take(&self.engine.pool, &self.native)
        cdef Task task
        if native is NULL:
            return 0
        task = <Task>native.owner
        Py_DECREF(task)
        self.now_doing(task.fn)
        try:
            task.run()
        except BaseException as error:
            # What a task's function raises is kept by the task; this came from elsewhere, such as a callback.
            report(error, self.thread)
        self.now_doing(None)
        return 0

    cdef int help_with(self, tp_loop *loop, unsigned seat) except -1:
        # A function of its own, so that its reference to the run is gone before the seat is left.
        run = <PythonLoop>loop.context
        # One thread does all of a serial loop. Should it leave for a task, another one could take its place.
        cdef bint may_leave = not loop.serial or self.engine.pool.limit == 1
        try:
            self.now_doing(run.fn)
            run.work(loop, seat, None, &self.engine.pool if may_leave else NULL, &self.native)
        except BaseException as error:
            # What items raise is kept at the seat. This came from the engine, and claimed items may be lost.
            run.give_up(loop, error)
        return 0


cdef int discard(tp_task *native, bint refuse) except -1:
    """Gets rid of a task that was taken out of a queue."""
    task = <Task>native.owner
    Py_DECREF(task)
    if refuse:
        task.refuse()
    else:
        task.cancel()
    return 0


def worker_index(Worker worker):
    return worker.native.index


def current_worker():
    """The index of the pool's thread that runs this, from 0; None in any other thread, callers of `run` included.

    That is of the pool whose item or task this is: a thread of another pool, which may be the caller of a run or do a
    task that it waits for, is like any other thread.

    Unlike a thread's identifier it can index an array of one cell for each worker; only a thread that a pool starts
    beyond its width, for `run_async` inside its own tasks, has an index above. Thread-safe.

    >>> current_worker() is None
    True
    """
    return None if tp_this_worker is NULL or is_visitor() else (<Worker>tp_this_worker).native.index


cdef Worker current_worker_object():
    return None if tp_this_worker is NULL else <Worker>tp_this_worker


cdef bint runs_event_loop():
    get_running_loop = getattr(sys.modules.get("asyncio"), "_get_running_loop", None)
    return get_running_loop is not None and get_running_loop() is not None


cdef int report(error, thread) except -1:
    threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, thread)))
    return 0


cdef int debug(str words) except -1:
    # Importing logging would take as long as importing the rest; who has not, has no handler for us either.
    # Another thread may be importing it just now, and then it is not complete.
    getLogger = getattr(sys.modules.get("logging"), "getLogger", None)
    if getLogger is not None:
        getLogger("threadpool").debug(words)
    return 0
