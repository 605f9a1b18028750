/* The operations of Atomics, on the elements of any buffer of integers or floats.
 *
 * Hand-written: functions of a C module are called without counting references to anything shared, which those of
 * Cython are not, so threads that work on different arrays do not meet. */
#include "_bulk.h"
#include "_target.h"

#include "os.h"

static int check_count(const char *name, Py_ssize_t given, Py_ssize_t wanted) {
    if (given == wanted) return 0;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments (%zd given)", name, wanted, given);
    return -1;
}

static PyObject *refuse_array(const char *name) {
    return PyErr_Format(PyExc_TypeError, "%s() takes one index, not an array of them", name);
}

/* The address of the element; NULL with an exception. */
static void *locate(tp_target *to) {
    if (!to->has_view && to->ran_python && (tp_check_array(to) || tp_check_range(to))) return NULL;
    return tp_start(to) + to->index * (Py_ssize_t)tp_element_size(to->element);
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
             (at = locate(&to)))
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
             (at = locate(&to))) {
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
    else if (tp_take_index(&to, arguments[1]) == 0 && (at = locate(&to)))
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
             tp_take_value(&to, "replacement", arguments[3], &replacement) == 0 && (at = locate(&to)))
        result = tp_to_python(to.element,
                              tp_atomic_compare_exchange(at, tp_element_size(to.element), expected, replacement));
    tp_release(&to);
    return result;
}
static PyObject *atomics_is_lock_free(PyObject *Py_UNUSED(module), PyObject *argument) {
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
    METHOD(is_lock_free, METH_O, "($module, nbytes, /)",
           "Whether operations on elements of ``nbytes`` bytes need no lock: 1, 2, 4 and 8 "
           "(ECMAScript, Atomics.isLockFree)."),
    METHOD(pause, METH_NOARGS, "($module, /)",
           "Tells the CPU that the caller spins (ECMAScript, Atomics.pause). A thread that spins in Python should be "
           "rare."),
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
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
