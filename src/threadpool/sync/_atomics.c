/* The operations of Atomics, on the elements of any buffer of integers or floats.
 *
 * Hand-written: functions of a C module are called without counting references to anything shared, which those of
 * Cython are not, so threads that work on different arrays do not meet. */
#include "_bulk.h"
#include "_target.h"
#include "_wait.h"

#include "os.h"

static int check_count(const char *name, Py_ssize_t given, Py_ssize_t wanted) {
    if (given == wanted) return 0;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments (%zd given)", name, wanted, given);
    return -1;
}

static PyObject *refuse_array(const char *name) {
    return PyErr_Format(PyExc_TypeError, "%s() takes one index, not an array of them", name);
}

static PyObject *apply_any(const char *name, tp_operation operation, bool takes_arrays, PyObject *const *arguments,
                           Py_ssize_t count) {
    tp_target to;
    uint64_t value;
    void *at;
    PyObject *result = NULL;
    if (check_count(name, count, 3) || tp_resolve(&to, arguments[0], true)) return NULL;
    if (!tp_operations[operation][to.element])
        PyErr_Format(PyExc_TypeError, "%s() takes a buffer of integers, not of floats", name);
    else if (tp_is_index_array(arguments[1]) && !takes_arrays)
        refuse_array(name);
    else if (tp_is_index_array(arguments[1]))
        result = tp_bulk(&to, operation, arguments[1], arguments[2]);
    else if (tp_take_index(&to, arguments[1]) == 0 && tp_take_value(&to, "value", arguments[2], &value) == 0 &&
             (at = tp_address(&to)))
        result = tp_to_python(to.element, tp_operations[operation][to.element](at, value));
    tp_release(&to);
    return result;
}

/* Inlined into each operation, which so is known. */
static inline Py_ALWAYS_INLINE PyObject *apply(const char *name, tp_operation operation, bool takes_arrays,
                                               PyObject *const *arguments, Py_ssize_t count) {
    tp_element element;
    Py_ssize_t value;
    void *at = count == 3 ? tp_quick(arguments[0], arguments[1], NPY_ARRAY_CARRAY, &element) : NULL;
    if (at && !tp_element_is_float(element) && tp_take_compact(arguments[2], &value))
        return tp_to_python(element, tp_operations[operation][element](at, (uint64_t)(int64_t)value));
    return apply_any(name, operation, takes_arrays, arguments, count);
}

#define DEFINE_OPERATION(name, operation, takes_arrays)                                                                \
    static PyObject *atomics_##name(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {       \
        return apply(#name, operation, takes_arrays, arguments, count);                                                \
    }

DEFINE_OPERATION(add, TP_ADD, true)
DEFINE_OPERATION(sub, TP_SUB, true)
DEFINE_OPERATION(and_, TP_AND, true)
DEFINE_OPERATION(or_, TP_OR, true)
DEFINE_OPERATION(xor, TP_XOR, true)
DEFINE_OPERATION(maximum, TP_MAXIMUM, true)
DEFINE_OPERATION(minimum, TP_MINIMUM, true)
DEFINE_OPERATION(exchange, TP_EXCHANGE, false)

static PyObject *atomics_store(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    tp_target to;
    uint64_t value;
    void *at;
    PyObject *result = NULL;
    if (check_count("store", count, 3) || tp_resolve(&to, arguments[0], true)) return NULL;
    if (tp_is_index_array(arguments[1]))
        result = tp_bulk(&to, TP_EXCHANGE, arguments[1], arguments[2]);
    else if (tp_take_index(&to, arguments[1]) == 0 && tp_take_value(&to, "value", arguments[2], &value) == 0 &&
             (at = tp_address(&to))) {
        tp_atomic_store(at, tp_element_size(to.element), value);
        result = Py_NewRef(arguments[2]);
    }
    tp_release(&to);
    return result;
}

static PyObject *atomics_load(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    tp_target to;
    tp_element element;
    PyObject *result = NULL;
    if (check_count("load", count, 2)) return NULL;
    void *at = tp_quick(arguments[0], arguments[1], NPY_ARRAY_CARRAY_RO, &element);
    if (at) return tp_to_python(element, tp_atomic_load(at, tp_element_size(element)));
    if (tp_resolve(&to, arguments[0], false)) return NULL;
    if (tp_is_index_array(arguments[1]))
        result = tp_bulk(&to, TP_OPERATIONS, arguments[1], NULL);
    else if (tp_take_index(&to, arguments[1]) == 0 && (at = tp_address(&to)))
        result = tp_to_python(to.element, tp_atomic_load(at, tp_element_size(to.element)));
    tp_release(&to);
    return result;
}

static PyObject *atomics_compare_exchange(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    tp_target to;
    uint64_t expected, replacement;
    void *at;
    PyObject *result = NULL;
    if (check_count("compare_exchange", count, 4) || tp_resolve(&to, arguments[0], true)) return NULL;
    if (tp_is_index_array(arguments[1]))
        refuse_array("compare_exchange");
    else if (tp_take_index(&to, arguments[1]) == 0 && tp_take_value(&to, "expected", arguments[2], &expected) == 0 &&
             tp_take_value(&to, "replacement", arguments[3], &replacement) == 0 && (at = tp_address(&to)))
        result = tp_to_python(to.element,
                              tp_atomic_compare_exchange(at, tp_element_size(to.element), expected, replacement));
    tp_release(&to);
    return result;
}
/* The last argument, which is optional, and may be given by its name; `wanted` are to be given before it. */
static int take_optional(const char *name, const char *optional, PyObject *const *arguments, Py_ssize_t count,
                         PyObject *names, Py_ssize_t wanted, PyObject **value) {
    Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
    *value = count + named > wanted ? arguments[wanted] : Py_None;
    if (named && (named > 1 || PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), optional)))
        PyErr_Format(PyExc_TypeError, "%s() takes only %s by name, not %R", name, optional, names);
    else if (count != wanted && (count != wanted + 1 || named))
        PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments and %s (%zd given)", name, wanted, optional, count);
    else
        return 0;
    return -1;
}

static PyObject *atomics_wait(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count,
                              PyObject *names) {
    tp_target to;
    uint64_t value, nanoseconds;
    PyObject *timeout;
    const char *result = NULL;
    if (take_optional("wait", "timeout", arguments, count, names, 3, &timeout)) return NULL;
    if (tp_resolve_waited(&to, "wait", arguments[0], arguments[1])) return NULL;
    void *at;
    if (tp_take_value(&to, "value", arguments[2], &value) == 0 && tp_take_timeout(&to, timeout, &nanoseconds) == 0 &&
        (at = tp_waited_address(&to, "wait")))
        result = tp_wait(at, tp_element_size(to.element), tp_narrow(to.element, value), nanoseconds);
    tp_release(&to);
    return result ? PyUnicode_InternFromString(result) : NULL;
}

/* For wait_async: enqueues the tp_waiter in a capsule, whose mailbox is set: for how many seconds; None if the value
 * was not equal. */
static PyObject *atomics__enqueue(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    tp_target to;
    uint64_t value, nanoseconds;
    void *at;
    PyObject *result = NULL;
    if (check_count("_enqueue", count, 5)) return NULL;
    tp_waiter *waiter = PyCapsule_GetPointer(arguments[4], "tp_waiter");
    if (!waiter || tp_resolve_waited(&to, "wait_async", arguments[0], arguments[1])) return NULL;
    if (tp_take_value(&to, "value", arguments[2], &value) == 0 &&
        tp_take_timeout(&to, arguments[3], &nanoseconds) == 0 && (at = tp_waited_address(&to, "wait_async")) &&
        (result = PyFloat_FromDouble(nanoseconds == TP_FOREVER ? HUGE_VAL : (double)nanoseconds * 1e-9)) &&
        !tp_lot_enqueue(&tp_the_lot, waiter, waiter->mailbox, at, tp_element_size(to.element),
                        tp_narrow(to.element, value)))
        Py_SETREF(result, Py_NewRef(Py_None));
    tp_release(&to);
    return result;
}

static PyObject *atomics_notify(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count,
                                PyObject *names) {
    tp_target to;
    size_t woken = 0, wanted;
    PyObject *waiters;
    if (take_optional("notify", "count", arguments, count, names, 2, &waiters)) return NULL;
    if (tp_resolve_waited(&to, "notify", arguments[0], arguments[1])) return NULL;
    void *at = tp_take_waiters(&to, waiters, &wanted) == 0 ? tp_waited_address(&to, "notify") : NULL;
    if (at) woken = tp_lot_notify(&tp_the_lot, at, wanted);
    tp_release(&to);
    return at ? PyLong_FromSize_t(woken) : NULL;
}

static PyObject *atomics__count_waiters(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    tp_target to;
    if (check_count("_count_waiters", count, 2)) return NULL;
    if (tp_resolve_waited(&to, "_count_waiters", arguments[0], arguments[1])) return NULL;
    size_t waiters = tp_lot_count(&tp_the_lot, tp_address(&to));
    tp_release(&to);
    return PyLong_FromSize_t(waiters);
}

/* At the first import; and in the child of a fork, where nobody waits and locks are as other threads left them. */
static PyObject *atomics__open_lot(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    if (check_count("_open_lot", count, 3)) return NULL;
    tp_main_thread = PyLong_AsUnsignedLong(arguments[1]);
    if (PyErr_Occurred()) return NULL;
    if (tp_the_lot.generation == 0 || arguments[2] == Py_True) tp_lot_init(&tp_the_lot, arguments[0] == Py_True);
    Py_RETURN_NONE;
}

static PyObject *atomics_is_lock_free(PyObject *Py_UNUSED(module), PyObject *argument) {
    if (!PyIndex_Check(argument))
        return PyErr_Format(PyExc_TypeError, "nbytes must be an integer, not '%.200s'", Py_TYPE(argument)->tp_name);
    PyObject *number = PyNumber_Index(argument);
    if (!number) return NULL;
    long width = PyLong_AsLong(number);
    Py_DECREF(number);
    if (width == -1 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) return NULL;
        PyErr_Clear();
    }
    return PyBool_FromLong(width > 0 && tp_atomic_is_lock_free((size_t)width));
}

static PyObject *atomics_pause(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused)) {
    tp_pause();
    Py_RETURN_NONE;
}

#define METHOD(name, flags, signature, doc)                                                                            \
    {#name, (PyCFunction)(void (*)(void))atomics_##name, flags, PyDoc_STR(#name signature "\n--\n\n" doc)}

static PyMethodDef methods[] = {
    METHOD(add, METH_FASTCALL, "($module, buf, index, value, /)",
           "Adds ``value`` to an element and returns what it was (ECMAScript, Atomics.add)."),
    METHOD(sub, METH_FASTCALL, "($module, buf, index, value, /)",
           "Subtracts ``value`` from an element and returns what it was (ECMAScript, Atomics.sub)."),
    METHOD(and_, METH_FASTCALL, "($module, buf, index, value, /)",
           "Keeps the bits of an integer that ``value`` has, and returns what it was (ECMAScript, Atomics.and)."),
    METHOD(or_, METH_FASTCALL, "($module, buf, index, value, /)",
           "Sets the bits of an integer that ``value`` has, and returns what it was (ECMAScript, Atomics.or)."),
    METHOD(xor, METH_FASTCALL, "($module, buf, index, value, /)",
           "Changes the bits of an integer that ``value`` has, and returns what it was (ECMAScript, Atomics.xor)."),
    METHOD(maximum, METH_FASTCALL, "($module, buf, index, value, /)",
           "Writes ``value`` if it is greater than an element, and returns what it was (C++26, fetch_max).\n"
           "\n"
           "Of floats as maximum of IEEE 754-2019: NaN if either is, and -0.0 is less than 0.0."),
    METHOD(minimum, METH_FASTCALL, "($module, buf, index, value, /)",
           "Writes ``value`` if it is less than an element, and returns what it was (C++26, fetch_min).\n"
           "\n"
           "Of floats as minimum of IEEE 754-2019: NaN if either is, and -0.0 is less than 0.0."),
    METHOD(load, METH_FASTCALL, "($module, buf, index, /)",
           "Returns an element, or a new array of the elements at an array of indices (ECMAScript, Atomics.load)."),
    METHOD(store, METH_FASTCALL, "($module, buf, index, value, /)",
           "Writes an element and returns the value given (ECMAScript, Atomics.store)."),
    METHOD(exchange, METH_FASTCALL, "($module, buf, index, value, /)",
           "Writes an element and returns what it was (ECMAScript, Atomics.exchange)."),
    METHOD(compare_exchange, METH_FASTCALL, "($module, buf, index, expected, replacement, /)",
           "Writes ``replacement`` if the element is ``expected``, and returns what it was, in any case.\n"
           "\n"
           "Floats are compared by their bits: a NaN equals itself, and -0.0 is not 0.0.\n"
           "Source: ECMAScript, Atomics.compareExchange."),
    METHOD(wait, METH_FASTCALL | METH_KEYWORDS, "($module, buf, index, value, /, timeout=None)",
           "Waits until another thread notifies at an element, if that is ``value``: compares and waits in one step.\n"
           "\n"
           "``buf`` has integers of 4 or 8 bytes and may be read-only. Returns \"ok\", \"not-equal\" at once, or "
           "\"timed-out\"\n"
           "after ``timeout`` seconds; None is for ever, 0 or less tests once. Only a notification wakes, first come "
           "first\n"
           "served, at the same memory by whichever buffer. Ctrl-C interrupts the main thread. ValueError: a timeout "
           "of NaN;\n"
           "RuntimeError: it would stop an asyncio loop that runs in this thread.\n"
           "Source: ECMAScript, Atomics.wait."),
    METHOD(notify, METH_FASTCALL | METH_KEYWORDS, "($module, buf, index, /, count=None)",
           "Wakes ``count`` of those that wait at an element, by default all, and returns how many it has woken.\n"
           "\n"
           "``buf`` has integers of 4 or 8 bytes and may be read-only. Those are woken first that came first.\n"
           "Source: ECMAScript, Atomics.notify."),
    METHOD(_enqueue, METH_FASTCALL, "($module, buf, index, value, timeout, waiter, /)", "For wait_async."),
    METHOD(_count_waiters, METH_FASTCALL, "($module, buf, index, /)", "How many wait at an element: for tests."),
    METHOD(_open_lot, METH_FASTCALL, "($module, can_spin, main_thread, anew, /)",
           "Empties the parking lot: for the import, and after a fork."),
    METHOD(is_lock_free, METH_O, "($module, nbytes, /)",
           "Whether operations on elements of ``nbytes`` bytes need no lock: 1, 2, 4 and 8 "
           "(ECMAScript, Atomics.isLockFree)."),
    METHOD(pause, METH_NOARGS, "($module, /)",
           "Tells the CPU that the caller spins (ECMAScript, Atomics.pause). A thread that spins in Python should be "
           "rare."),
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module) {
    PyObject *lot = PyCapsule_New(&tp_the_lot, "threadpool.sync._atomics.lot", NULL);
    int failed = PyModule_AddObjectRef(module, "lot", lot);
    Py_XDECREF(lot);
    return failed;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "threadpool.sync._atomics",
    .m_doc = PyDoc_STR("The operations of Atomics; threadpool.sync.atomics says what they have in common."),
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__atomics(void) { return PyModuleDef_Init(&definition); }
