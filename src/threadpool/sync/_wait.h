/* Atomics.wait and notify, and the first half of wait_async: the parking lot of csrc/sync, for Python. */
#ifndef TP_PYTHON_WAIT_H
#define TP_PYTHON_WAIT_H

#include "_target.h"

#include "sync/parking.h"

#include <math.h>

/* The one of this process; other modules get it by the capsule `lot`. */
static tp_lot tp_the_lot;
static _Atomic unsigned long tp_main_thread;

/* Seconds as nanoseconds; what is not positive is 0, and None for ever. */
static int tp_take_timeout(tp_target *to, PyObject *argument, uint64_t *nanoseconds) {
    *nanoseconds = TP_FOREVER;
    if (argument == Py_None) return 0;
    if (!PyFloat_CheckExact(argument)) to->ran_python = true;
    double seconds = PyFloat_AsDouble(argument);
    if (seconds == -1 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(PyExc_TypeError, "timeout must be a number of seconds or None, not '%.200s'",
                         Py_TYPE(argument)->tp_name);
        if (!PyErr_ExceptionMatches(PyExc_OverflowError) || !PyLong_Check(argument)) return -1;
        PyErr_Clear();
        PyObject *zero = PyLong_FromLong(0);
        int negative = zero ? PyObject_RichCompareBool(argument, zero, Py_LT) : -1;
        Py_XDECREF(zero);
        if (negative > 0) *nanoseconds = 0;
        return negative < 0 ? -1 : 0;
    }
    if (isnan(seconds)) {
        PyErr_SetString(PyExc_ValueError, "timeout must be a number of seconds or None, not nan");
        return -1;
    }
    if (seconds < 1e10) *nanoseconds = seconds > 0 ? (uint64_t)(seconds * 1e9) : 0;
    return 0;
}

/* How many waiters to wake: None for all; none, as in ECMAScript, if it is negative. */
static int tp_take_waiters(tp_target *to, PyObject *argument, size_t *count) {
    *count = TP_ALL;
    if (argument == Py_None) return 0;
    if (!PyIndex_Check(argument)) {
        PyErr_Format(PyExc_TypeError, "count must be an integer or None, not '%.200s'", Py_TYPE(argument)->tp_name);
        return -1;
    }
    if (!PyLong_CheckExact(argument)) to->ran_python = true;
    Py_ssize_t number = PyNumber_AsSsize_t(argument, NULL); /* clipped */
    if (number == -1 && PyErr_Occurred()) return -1;
    *count = number > 0 ? (size_t)number : 0;
    return 0;
}

/* The address, if one can wait there; NULL with an exception. */
static void *tp_waited_address(tp_target *to, const char *name) {
    void *at = tp_address(to);
    if (!at || !tp_lot_excludes(&tp_the_lot, at)) return at;
    PyErr_Format(PyExc_NotImplementedError, "%s() does not reach across processes, and this memory is shared with them",
                 name);
    return NULL;
}

/* The first two steps, for elements that can be waited at. After success, tp_release it. */
static int tp_resolve_waited(tp_target *to, const char *name, PyObject *buffer, PyObject *index) {
    if (tp_resolve(to, buffer, false)) return -1;
    if (tp_element_is_float(to->element) || tp_element_size(to->element) < 4)
        PyErr_Format(PyExc_TypeError, "%s() takes a buffer of integers of 4 or 8 bytes", name);
    else if (tp_take_index(to, index) == 0)
        return 0;
    tp_release(to);
    return -1;
}

/* Whether this thread runs an event loop, which to wait would stop; -1 with an exception. */
static int tp_runs_a_loop(void) {
    PyObject *name = PyUnicode_InternFromString("asyncio.events"), *running = NULL;
    PyObject *module = name ? PyImport_GetModule(name) : NULL;
    if (module) running = PyObject_CallMethod(module, "_get_running_loop", NULL);
    int answer = PyErr_Occurred() ? -1 : running && running != Py_None;
    Py_XDECREF(name);
    Py_XDECREF(module);
    Py_XDECREF(running);
    return answer;
}

/* Waits, detached but for a look at the signals now and then: "ok", "timed-out", or NULL with an exception. */
static const char *tp_park(tp_waiter *waiter, uint64_t nanoseconds) {
    uint64_t started = tp_now(), passed = 0;
    /* Only the main thread runs signal handlers. */
    bool minds_signals = PyThread_get_thread_ident() == tp_main_thread;
    while (passed < nanoseconds) {
        uint64_t slice = nanoseconds - passed;
        bool woken;
        if (nanoseconds == TP_FOREVER) slice = TP_FOREVER;
        if (minds_signals && slice > TP_SIGNAL_NANOSECONDS) slice = TP_SIGNAL_NANOSECONDS;
        Py_BEGIN_ALLOW_THREADS;
        woken = tp_lot_park(&tp_the_lot, waiter, slice);
        Py_END_ALLOW_THREADS;
        if (woken) return "ok";
        if (PyErr_CheckSignals() < 0) {
            tp_lot_give_up(&tp_the_lot, waiter);
            return NULL;
        }
        passed = tp_now() - started;
    }
    return tp_lot_leave(&tp_the_lot, waiter) == TP_LEFT_WAITING ? "timed-out" : "ok";
}

/* Everything after the checks. */
static const char *tp_wait(void *at, size_t width, uint64_t value, uint64_t nanoseconds) {
    if (tp_atomic_load(at, width) != value) return "not-equal";
    if (nanoseconds == 0) return "timed-out";
    int loop = tp_runs_a_loop();
    if (loop > 0)
        PyErr_SetString(PyExc_RuntimeError, "wait() would stop the event loop that runs in this thread: "
                                            "use `await Atomics.wait_async(...)`");
    if (loop) return NULL;
    /* Not on the stack: a daemon thread ends in the middle of tp_park when the interpreter does, and its waiter stays.
     */
    tp_waiter *waiter = PyMem_RawMalloc(sizeof *waiter);
    if (!waiter) {
        PyErr_NoMemory();
        return NULL;
    }
    bool equal = tp_lot_enqueue(&tp_the_lot, waiter, NULL, at, width, value);
    const char *result = equal ? tp_park(waiter, nanoseconds) : "not-equal";
    PyMem_RawFree(waiter);
    return result;
}

/* The bits of a value of fewer than 8 bytes, as they are loaded. */
static inline uint64_t tp_narrow(tp_element element, uint64_t bits) {
    return tp_element_size(element) == 4 ? (uint32_t)bits : bits;
}

#endif
