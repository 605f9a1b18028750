/* The namespace Atomics: atomic operations on the elements of any buffer of integers.
 *
 * Hand-written: functions of a C module are called without counting references to anything shared, which those of
 * Cython are not, so threads that work on different arrays do not meet.
 *
 * Every operation goes through three steps, in this order, and writes in the last one only: `resolve` checks the
 * buffer, `take_index` and `take_value` convert the arguments, `locate` finds the address. Converting an argument may
 * run Python code that resizes the buffer. A buffer got through the buffer protocol cannot be resized while it is held;
 * a NumPy array can, so its address and length are read last. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>

#include "os.h"
#include "sync/atomics.h"

#if defined(Py_GIL_DISABLED)
/* An exporter counts its exports without a lock in 3.13. */
#define LOCK_EXPORTER(object) Py_BEGIN_CRITICAL_SECTION(object)
#define UNLOCK_EXPORTER() Py_END_CRITICAL_SECTION()
#else
#define LOCK_EXPORTER(object) {
#define UNLOCK_EXPORTER() }
#endif

/* A buffer that an operation works on. */
typedef struct target {
    PyObject *buffer;
    Py_buffer view; /* held if `has_view` */
    bool has_view;  /* otherwise `buffer` is a NumPy array */
    bool is_signed;
    bool ran_python; /* an argument's __index__ was called since the checks */
    size_t width;
    Py_ssize_t index;
} target;

/* NumPy's integers by type number, from NPY_BYTE to NPY_ULONGLONG; signed and unsigned take turns. */
static const unsigned char numpy_widths[] = {
    [NPY_BYTE] = sizeof(npy_byte),           [NPY_UBYTE] = sizeof(npy_ubyte), [NPY_SHORT] = sizeof(npy_short),
    [NPY_USHORT] = sizeof(npy_short),        [NPY_INT] = sizeof(npy_int),     [NPY_UINT] = sizeof(npy_uint),
    [NPY_LONG] = sizeof(npy_long),           [NPY_ULONG] = sizeof(npy_ulong), [NPY_LONGLONG] = sizeof(npy_longlong),
    [NPY_ULONGLONG] = sizeof(npy_ulonglong),
};

/* Whether it is a NumPy array; -1 with an exception. NumPy is not imported by us: where there is an array, it is there.
 */
static int is_array(PyObject *object) {
    if (PyArray_API) return PyArray_Check(object);
    for (PyTypeObject *type = Py_TYPE(object); type; type = type->tp_base)
        if (strcmp(type->tp_name, "numpy.ndarray") == 0) {
            if (PyArray_ImportNumPyAPI() < 0) return -1;
            return PyArray_Check(object);
        }
    return 0;
}

static int refuse(PyObject *type, const char *words) {
    PyErr_Format(type, "buf must be %s", words);
    return -1;
}

static int check_array(target *to, bool writable) {
    PyArrayObject *array = (PyArrayObject *)to->buffer;
    int type = PyArray_TYPE(array);
    if (type < NPY_BYTE || type > NPY_ULONGLONG) {
        PyErr_Format(PyExc_TypeError, "buf must be an array of integers, not of %S", PyArray_DESCR(array));
        return -1;
    }
    to->width = numpy_widths[type];
    to->is_signed = type % 2 == NPY_BYTE % 2;
    int wanted = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED | (writable ? NPY_ARRAY_WRITEABLE : 0);
    if (PyArray_CHKFLAGS(array, wanted) && PyArray_ISNOTSWAPPED(array)) return 0;
    if (!PyArray_ISNOTSWAPPED(array)) return refuse(PyExc_TypeError, "in native byte order");
    if (!PyArray_IS_C_CONTIGUOUS(array)) return refuse(PyExc_BufferError, "C-contiguous");
    if (writable && !PyArray_ISWRITEABLE(array)) return refuse(PyExc_BufferError, "writable, not read-only");
    return refuse(PyExc_ValueError, "aligned to the size of its elements");
}

/* The element type of a buffer format (struct module syntax): sets the width's sign; false if it is no native integer.
 */
static bool read_format(target *to) {
    const char *format = to->view.format ? to->view.format : "B";
    const uint16_t one = 1;
    char native_order = *(const uint8_t *)&one ? '<' : '>';
    if (*format == '@' || *format == '=' || *format == native_order) format++;
    if (!*format || !strchr("bBhHiIlLqQnN", *format) || format[1]) return false;
    to->is_signed = *format >= 'a' && *format <= 'z';
    to->width = (size_t)to->view.itemsize;
    return tp_atomic_is_lock_free(to->width);
}

static int check_view(target *to, bool writable) {
    if (!read_format(to)) {
        PyErr_Format(PyExc_TypeError, "buf must hold integers in native byte order, not format '%s'", to->view.format);
        return -1;
    }
    if (!PyBuffer_IsContiguous(&to->view, 'C')) return refuse(PyExc_BufferError, "C-contiguous");
    if (writable && to->view.readonly) return refuse(PyExc_BufferError, "writable, not read-only");
    /* Where there are no elements, an index is what is wrong. */
    if (to->view.len && (uintptr_t)to->view.buf % to->width)
        return refuse(PyExc_ValueError, "aligned to the size of its elements");
    return 0;
}

static void release(target *to) {
    if (!to->has_view) return;
    PyObject *exporter = Py_NewRef(to->view.obj ? to->view.obj : to->buffer);
    LOCK_EXPORTER(exporter);
    PyBuffer_Release(&to->view);
    UNLOCK_EXPORTER();
    Py_DECREF(exporter);
    to->has_view = false;
}

/* Step one: the buffer. After success, `release` it. */
static int resolve(target *to, PyObject *buffer, bool writable) {
    to->buffer = buffer;
    to->has_view = false;
    to->ran_python = false;
    int array = is_array(buffer);
    if (array) return array < 0 ? -1 : check_array(to, writable);
    if (!PyObject_CheckBuffer(buffer)) {
        PyErr_Format(PyExc_TypeError, "buf must be a buffer of integers, not '%.200s'", Py_TYPE(buffer)->tp_name);
        return -1;
    }
    int failed;
    LOCK_EXPORTER(buffer);
    failed = PyObject_GetBuffer(buffer, &to->view, PyBUF_FULL_RO);
    UNLOCK_EXPORTER();
    if (failed) return -1;
    to->has_view = true;
    if (check_view(to, writable) == 0) return 0;
    release(to);
    return -1;
}

static Py_ssize_t length(const target *to) {
    return to->has_view ? to->view.len / (Py_ssize_t)to->width : PyArray_SIZE((PyArrayObject *)to->buffer);
}

static int check_range(const target *to) {
    if (to->index >= 0 && to->index < length(to)) return 0;
    PyErr_Format(PyExc_IndexError, "index %zd is out of range for %zd elements", to->index, length(to));
    return -1;
}

/* The int that an argument of another type stands for: a new reference. Runs Python code. */
static PyObject *to_integer(target *to, const char *name, PyObject *argument) {
    to->ran_python = true;
    if (PyIndex_Check(argument)) return PyNumber_Index(argument);
    PyErr_Format(PyExc_TypeError, "%s must be an integer, not '%.200s'", name, Py_TYPE(argument)->tp_name);
    return NULL;
}

/* Step two: the index, and the values modulo 2**64. */
static int take_index(target *to, PyObject *argument) {
    if (!PyLong_CheckExact(argument)) {
        PyObject *number = to_integer(to, "index", argument);
        int failed = number ? take_index(to, number) : -1;
        Py_XDECREF(number);
        return failed;
    }
    to->index = PyLong_AsSsize_t(argument);
    if (to->index == -1 && PyErr_Occurred()) {
        PyErr_Format(PyExc_IndexError, "an index of over 63 bits is out of range for %zd elements", length(to));
        return -1;
    }
    return check_range(to);
}

static int take_value(target *to, const char *name, PyObject *argument, uint64_t *value) {
    if (!PyLong_CheckExact(argument)) {
        PyObject *number = to_integer(to, name, argument);
        int failed = number ? take_value(to, name, number, value) : -1;
        Py_XDECREF(number);
        return failed;
    }
    *value = PyLong_AsUnsignedLongLongMask(argument);
    return *value == UINT64_MAX && PyErr_Occurred() ? -1 : 0;
}

/* Step three: the address, after the last call of Python code; NULL with an exception. */
static void *locate(target *to, bool writable) {
    if (to->has_view) return (char *)to->view.buf + to->index * (Py_ssize_t)to->width;
    if (to->ran_python && (check_array(to, writable) || check_range(to))) return NULL;
    return PyArray_BYTES((PyArrayObject *)to->buffer) + to->index * (Py_ssize_t)to->width;
}

static PyObject *to_python(const target *to, uint64_t bits) {
    if (!to->is_signed) return PyLong_FromUnsignedLongLong(bits);
    int unused = 64 - 8 * (int)to->width;
    return PyLong_FromLongLong((int64_t)(bits << unused) >> unused);
}

static int check_count(const char *name, Py_ssize_t given, Py_ssize_t wanted) {
    if (given == wanted) return 0;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments (%zd given)", name, wanted, given);
    return -1;
}

typedef uint64_t (*operation)(void *at, size_t width, uint64_t value);

/* The operations with one value. Inlined into each, with its operation known. */
static inline Py_ALWAYS_INLINE PyObject *apply(const char *name, operation operate, PyObject *const *arguments,
                                               Py_ssize_t count) {
    target to;
    uint64_t value;
    void *at;
    PyObject *result = NULL;
    if (check_count(name, count, 3) || resolve(&to, arguments[0], true)) return NULL;
    if (take_index(&to, arguments[1]) == 0 && take_value(&to, "value", arguments[2], &value) == 0 &&
        (at = locate(&to, true)))
        result = to_python(&to, operate(at, to.width, value));
    release(&to);
    return result;
}

static PyObject *atomics_add(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    return apply("add", tp_atomic_add, arguments, count);
}

static PyObject *atomics_sub(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    return apply("sub", tp_atomic_sub, arguments, count);
}

static PyObject *atomics_exchange(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    return apply("exchange", tp_atomic_exchange, arguments, count);
}

static PyObject *atomics_store(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    target to;
    uint64_t value;
    void *at;
    PyObject *result = NULL;
    if (check_count("store", count, 3) || resolve(&to, arguments[0], true)) return NULL;
    if (take_index(&to, arguments[1]) == 0 && take_value(&to, "value", arguments[2], &value) == 0 &&
        (at = locate(&to, true))) {
        tp_atomic_store(at, to.width, value);
        result = Py_NewRef(arguments[2]);
    }
    release(&to);
    return result;
}

static PyObject *atomics_load(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    target to;
    void *at;
    PyObject *result = NULL;
    if (check_count("load", count, 2) || resolve(&to, arguments[0], false)) return NULL;
    if (take_index(&to, arguments[1]) == 0 && (at = locate(&to, false)))
        result = to_python(&to, tp_atomic_load(at, to.width));
    release(&to);
    return result;
}

static PyObject *atomics_compare_exchange(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    target to;
    uint64_t expected, replacement;
    void *at;
    PyObject *result = NULL;
    if (check_count("compare_exchange", count, 4) || resolve(&to, arguments[0], true)) return NULL;
    if (take_index(&to, arguments[1]) == 0 && take_value(&to, "expected", arguments[2], &expected) == 0 &&
        take_value(&to, "replacement", arguments[3], &replacement) == 0 && (at = locate(&to, true)))
        result = to_python(&to, tp_atomic_compare_exchange(at, to.width, expected, replacement));
    release(&to);
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
    METHOD(load, METH_FASTCALL, "($module, buf, index, /)", "Returns an element (ECMAScript, Atomics.load)."),
    METHOD(store, METH_FASTCALL, "($module, buf, index, value, /)",
           "Writes an element and returns the value given (ECMAScript, Atomics.store)."),
    METHOD(exchange, METH_FASTCALL, "($module, buf, index, value, /)",
           "Writes an element and returns what it was (ECMAScript, Atomics.exchange)."),
    METHOD(compare_exchange, METH_FASTCALL, "($module, buf, index, expected, replacement, /)",
           "Writes ``replacement`` if the element is ``expected``, and returns what it was, in any case.\n"
           "\n"
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
    .m_doc = PyDoc_STR(
        "Atomic operations on the elements of shared buffers: JavaScript's Atomics, on every buffer of Python.\n"
        "\n"
        "``buf`` is a C-contiguous buffer of 1-, 2-, 4- or 8-byte integers in native byte order, writable unless it is "
        "only\n"
        "loaded from: a SharedBuffer (its bytes) or a view of one, a NumPy array, memoryview, bytearray, array.array, "
        "ctypes array\n"
        "or mmap. ``index`` is an int from 0 up to, not including, the number of elements; an array with several "
        "dimensions takes\n"
        "the flat index in C order. Values wrap modulo the width, as in C.\n"
        "\n"
        "The operations are sequentially consistent and safe from any number of threads, on free-threaded builds and "
        "with the GIL.\n"
        "The arguments are checked in the order buf, index, values, and nothing is written unless all pass: TypeError "
        "(not a\n"
        "buffer of integers; an index or a value that is no integer), BufferError (read-only, not contiguous), "
        "ValueError\n"
        "(elements not aligned), IndexError.\n"
        "\n"
        "Source: ECMAScript 2026, 25.4 The Atomics Object."),
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__atomics(void) { return PyModuleDef_Init(&definition); }
