"""The body of a loop that calls a Python function: attached, each item in a context as it was submitted."""

import contextvars
import types

cimport cython
from libc.stdint cimport uint32_t, uint64_t
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject

from threadpool.pool._items cimport Items
from threadpool.pool._native cimport (
    TP_NO_INDEX, TP_QUICK_NANOSECONDS, tp_frame, tp_frame_is_cancelled, tp_loop, tp_loop_claim, tp_loop_count_done,
    tp_loop_lower_limit, tp_now, tp_loop_may_start, tp_pool, tp_pool_is_to_leave, tp_seat, tp_worker,
)
from threadpool.pool._python cimport TP_FREE_THREADED, PyContext_Enter, PyContext_Exit, tp_take_exception
from threadpool.pool._watch cimport Watch

from threadpool.pool._threads import safepoint

cdef extern from "Python.h":
    """
    /* The only referent of an object, borrowed, or NULL: what gc.get_referents would tell. */
    static int tp_note_referent(PyObject *referent, void *noted) {
        PyObject **only = (PyObject **)noted;
        if (*only) return 1;
        *only = referent;
        return 0;
    }

    static PyObject *tp_only_referent(PyObject *object) {
        PyObject *only = NULL;
        return Py_TYPE(object)->tp_traverse(object, tp_note_referent, &only) ? NULL : only;
    }

    static int tp_is_wanted(PyObject *referent, void *wanted) { return referent == (PyObject *)wanted; }

    static int tp_refers_to(PyObject *object, PyObject *wanted) {
        return Py_TYPE(object)->tp_traverse(object, tp_is_wanted, wanted);
    }

    /* The item that the thread is at, or NULL. */
    static _Thread_local struct tp_frame *tp_here;

    /* The thread is at an item or a task of a pool that it is no thread of. */
    static _Thread_local int tp_visits;
    """
    tp_frame *tp_here
    bint tp_visits
    PyObject *tp_only_referent(PyObject *)
    bint tp_refers_to(PyObject *, PyObject *)
    PyObject *PyObject_Vectorcall(PyObject *callable, PyObject **arguments, size_t count, PyObject *names)
    PyObject *PyObject_CallObject(PyObject *callable, object arguments)
    const size_t PY_VECTORCALL_ARGUMENTS_OFFSET
    const Py_ssize_t PY_SSIZE_T_MAX
    void PyList_SET_ITEM(PyObject *items, Py_ssize_t index, PyObject *item)
    list PyList_New(Py_ssize_t)
    list PyList_GetSlice(PyObject *items, Py_ssize_t begin, Py_ssize_t end)
    void Py_XDECREF(PyObject *)
    void PyErr_SetObject(object type, object error)
    void PyObject_GC_UnTrack(PyObject *)
    void PyObject_GC_Track(PyObject *)

# The time between two safepoints, at the end of a claim. A function written in C may never look whether another thread
# wants the world stopped, or the GIL; a Python function looks by itself.
cdef enum: SAFEPOINT_NANOSECONDS = 1_000_000

cdef object CO_NESTED = 0x10
cdef object scratch = contextvars.ContextVar("threadpool.scratch")


cdef class PythonLoop:
    """One run of a Python callable.

    Threads share this object but write to nothing in it, except each to the result slots of the items it claimed;
    failures stand at the seats. `broken` is guarded by a critical section.
    """

    def __init__(self, fn, Items items, context, bint star, bint keep_errors, size_t first):
        self.fn = fn
        self.first = first
        self.star = star
        self.keep_errors = keep_errors
        self.items = items
        self.context = context
        self.results = new_list(items.count)
        PyObject_GC_UnTrack(<PyObject *>self.results)

    cdef int work(self, tp_loop *loop, unsigned seat, Watch watch, tp_pool *pool, tp_worker *worker) except -1:
        """Works at `seat` until nothing is left: the caller with its watch, a thread of the pool until it is wanted."""
        fn = self.fn if seat == 0 else private_function(self.fn)
        cdef ItemContext context = ItemContext(self.context if seat == 0 else private_context(self.context))
        cdef size_t begin, end, first
        cdef uint32_t most = 1
        cdef uint64_t now = tp_now()
        cdef uint64_t claimed = now
        cdef uint64_t safe = now
        cdef uint64_t pause = SAFEPOINT_NANOSECONDS if watch is None or watch.pool is NULL else watch.pace.window
        cdef tp_frame here
        cdef tp_frame *before = tp_here
        cdef bint visited = tp_visits
        here.loop = loop
        here.index = 0
        context.enter()
        set_current_frame(&here)
        set_visitor(seat == 0 and loop.foreign)
        try:
            while (pool is NULL or not tp_pool_is_to_leave(pool, loop, worker)) and tp_loop_claim(
                    loop, seat, most, &begin, &end):
                first = begin
                while begin < end and tp_loop_may_start(loop, begin):
                    here.index = begin
                    if call(self, begin, <PyObject *>fn) < 0:
                        note_failure(self, loop, &loop.seats[seat], begin)
                    if not tp_refers_to(<PyObject *>context.current, context.untouched):
                        context.renew()
                    begin += 1
                tp_loop_count_done(&loop.seats[seat], begin - first)
                now = tp_now()
                most = loop.burst if now - claimed < TP_QUICK_NANOSECONDS else 1
                claimed = now
                if now - safe >= pause:
                    safe = now
                    safepoint()
                    if watch is not None:
                        watch.look(loop)
                        if watch.pool is not NULL:
                            pause = watch.look_at_pace(loop, now)
                elif watch is not None and watch.is_timed:
                    watch.look(loop)
        finally:
            set_visitor(visited)
            set_current_frame(before)
            context.leave()
        return 0

    cdef int give_up(self, tp_loop *loop, error) except -1:
        """Items that were claimed are lost to an error of the engine: the run raises it, and starts no more."""
        tp_loop_lower_limit(loop, 0)
        with cython.critical_section(self):
            if self.broken is None:
                self.broken = error
        return 0

    cdef list finished(self, bint as_group, bint has_errors):
        """The results, once every slot is filled, with the errors among them; or these raised as a group."""
        results = self.results
        self.results = None
        PyObject_GC_Track(<PyObject *>results)
        if not has_errors:
            return results
        errors = []
        for index, result in enumerate(results):
            if type(result) is Failed:
                results[index] = (<Failed>result).error
                errors.append((<Failed>result).error)
        if as_group:
            raise ExceptionGroup(f"{len(errors)} of {len(results)} items failed", errors)
        return results

    cdef object failure(self, tp_loop *loop):
        """What a serial loop would have raised, with the index of its item as a note; None when nothing failed.

        Not an `Exception` (KeyboardInterrupt, SystemExit): it outranks every index. Takes the references that the
        seats hold.
        """
        cdef tp_seat *seat
        cdef size_t lowest = TP_NO_INDEX
        chosen = None
        for number in range(loop.width):
            seat = &loop.seats[number]
            if seat.failure is NULL:
                continue
            error = <object>seat.failure
            Py_DECREF(error)
            seat.failure = NULL
            if chosen is None or outranks(error, seat.failed, chosen, lowest):
                chosen, lowest = error, seat.failed
        self.failed = lowest
        if isinstance(chosen, Exception):
            add_index(chosen, self.first + lowest)
        return chosen

    cdef list results_before_failure(self, size_t done):
        """The results below the first failure, of a loop at which one thread has done so many items."""
        return PyList_GetSlice(<PyObject *>self.results, 0, min(self.failed, done))


cdef list new_list(Py_ssize_t size):
    """A list of empty slots."""
    # Where there is no memory for its array, free-threaded builds free that of an older list (CPython gh-152125). So
    # only ask for what can be had; for less, the process is at its end anyway.
    if size > 1 << 17:
        check_room(size)
    return PyList_New(size)


def check_room(Py_ssize_t size):
    """MemoryError: there is no memory for a list of that size."""
    # Asks the C library: Python's allocators of free-threaded builds give out addresses that no memory stands behind.
    room = PyMem_RawMalloc((size + 1) * sizeof(void *)) if size < PY_SSIZE_T_MAX // 16 else NULL
    if room is NULL:
        raise MemoryError(f"no memory for a list of {size} results")
    PyMem_RawFree(room)


def cancelled():
    """Whether the result of the item that calls this is no longer wanted, so that it may end early.

    True inside an item whose run was cancelled (Ctrl-C, a cancelled await, an `imap` that was left), is past its
    ``timeout``, or has failed at a lower index; also where that is so of a run around it. False everywhere else. What
    the item then returns or raises is thrown away. Thread-safe; costs some 50 ns, more with a timeout.

    >>> cancelled()
    False
    """
    return tp_frame_is_cancelled(tp_here)


def abandon_loops():
    """In a child that was forked inside an item: starts no more items of the loops around it, whose guests are not there."""
    cdef const tp_frame *frame = tp_here
    while frame is not NULL:
        if frame.loop.width > 1:
            tp_loop_lower_limit(frame.loop, 0)
        frame = frame.loop.outer


cdef tp_frame *current_frame() noexcept:
    return tp_here


cdef void set_current_frame(tp_frame *frame) noexcept:
    global tp_here
    tp_here = frame


cdef bint is_visitor() noexcept:
    return tp_visits


cdef void set_visitor(bint visitor) noexcept:
    global tp_visits
    tp_visits = visitor


@cython.final
cdef class Failed:
    """Stands in the results for an item that raised, so that it is told from one that returned an exception."""

    cdef object error


@cython.final
cdef class ItemContext:
    """The context that items run in: a copy of `base`, thrown away as soon as an item has changed it.

    A copy for each item would cost a sixth of a small function's time. Setting a variable replaces the mapping that a
    context holds, which is the only thing it refers to while it is not entered: so a context that still refers to
    the mapping of its base is untouched. Should a future Python keep it differently, every item gets a new copy.
    """

    cdef object base
    cdef object current
    cdef PyObject *untouched   # the mapping of `base`, which keeps it alive

    def __init__(self, base):
        self.base = base
        self.untouched = tp_only_referent(<PyObject *>base)

    cdef int enter(self) except -1:
        self.current = self.base.copy()
        PyContext_Enter(self.current)
        return 0

    cdef int leave(self) except -1:
        PyContext_Exit(self.current)
        self.current = None
        return 0

    cdef int renew(self) except -1:
        self.leave()
        self.enter()
        return 0


cdef inline int call(PythonLoop run, size_t index, PyObject *fn) noexcept:
    """Calls fn on one item. -1: it raised, and the exception is set."""
    cdef PyObject *arguments[2]  # room before the first one, for a bound method's self
    cdef PyObject *item = NULL
    if run.items.slots is NULL:
        item = make_item(run, index)
        if item is NULL:
            return -1
    arguments[1] = item if item is not NULL else run.items.slots[index]
    cdef PyObject *result
    if run.star:
        result = call_star(fn, arguments[1])
    else:
        result = PyObject_Vectorcall(fn, arguments + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL)
    Py_XDECREF(item)
    if result is NULL:
        return -1
    PyList_SET_ITEM(<PyObject *>run.results, index, result)
    return 0


cdef PyObject *call_star(PyObject *fn, PyObject *item) noexcept:
    """fn(*item), a new reference; or NULL with the exception set."""
    try:
        arguments = tuple(<object>item)
    except BaseException as error:
        PyErr_SetObject(type(error), error)
        return NULL
    return PyObject_CallObject(fn, arguments)


cdef PyObject *make_item(PythonLoop run, size_t index) noexcept:
    """A new reference, or NULL with the exception set."""
    try:
        item = run.items.make(index)
    except BaseException as error:
        PyErr_SetObject(type(error), error)
        return NULL
    Py_INCREF(item)
    return <PyObject *>item


cdef int note_failure(PythonLoop run, tp_loop *loop, tp_seat *seat, size_t index) except -1:
    """Keeps the exception that is set: as a result, or at the seat if it outranks the one there; lowers the limit."""
    cdef PyObject *taken = tp_take_exception()
    cdef Failed failed
    seat.failures += 1
    error = <object>taken
    if run.keep_errors and isinstance(error, Exception):
        Py_DECREF(error)
        add_index(error, run.first + index)
        failed = Failed()
        failed.error = error
        Py_INCREF(failed)
        PyList_SET_ITEM(<PyObject *>run.results, index, <PyObject *>failed)
        return 0
    tp_loop_lower_limit(loop, index if isinstance(error, Exception) else 0)
    if seat.failure is NULL or outranks(error, index, <object>seat.failure, seat.failed):
        taken, seat.failure = <PyObject *>seat.failure, <void *>taken
        seat.failed = index
    Py_XDECREF(taken)
    return 0


cdef bint outranks(error, size_t index, other, size_t other_index):
    if isinstance(error, Exception) != isinstance(other, Exception):
        return not isinstance(error, Exception)
    return index < other_index


cdef void add_index(error, size_t index) noexcept:
    try:
        error.add_note(f"threadpool: item {index} of the run")
    except Exception:
        pass  # an exception may override add_note, and that is no reason to hide it


cdef object private_context(context):
    """A copy of a context that shares no reference count with the original.

    Copies of a context share the root of its mapping; setting a variable and taking it back makes a new root.
    """
    copy = context.copy()
    copy.run(renew_root)
    return copy


def renew_root():
    scratch.reset(scratch.set(None))


cdef object private_function(fn):
    """On free-threaded builds, a nested function is copied for each thread.

    A call counts a reference to the function. Module-level functions do not contend on that, nested ones do.
    """
    if TP_FREE_THREADED and type(fn) is types.FunctionType and fn.__code__.co_flags & CO_NESTED:
        copy = types.FunctionType(fn.__code__, fn.__globals__, fn.__name__, fn.__defaults__, fn.__closure__)
        copy.__kwdefaults__ = fn.__kwdefaults__
        return copy
    return fn
