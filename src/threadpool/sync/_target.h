/* The element that an operation works on: the first two arguments of every function of `Atomics`.
 *
 * Every operation goes through three steps, in this order, and writes after the last one only: `tp_resolve` checks the
 * buffer, `tp_take_index` and `tp_take_value` convert the arguments, `tp_start` finds the address. Converting an
 * argument may run Python code that resizes the buffer. A buffer got through the buffer protocol cannot be resized
 * while it is held; a NumPy array can: where `ran_python` is set, it is checked again. */
#ifndef TP_TARGET_H
#define TP_TARGET_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>

#include "os.h"
#include "sync/atomics.h"

typedef struct tp_target {
    PyObject *buffer;
    bool has_view; /* `view` is held, and `section` locked; otherwise `buffer` is a NumPy array */
    bool for_writing;
    bool ran_python; /* an argument was converted by Python code since the checks */
    tp_element element;
    Py_ssize_t index;
    Py_buffer view;
#if defined(Py_GIL_DISABLED)
    PyCriticalSection section; /* an exporter counts its exports without a lock in 3.13 */
#endif
} tp_target;

#define TP_INTEGER_OF(type)                                                                                            \
    ((unsigned char)((sizeof(type) == 1   ? TP_INT8                                                                    \
                      : sizeof(type) == 2 ? TP_INT16                                                                   \
                      : sizeof(type) == 4 ? TP_INT32                                                                   \
                                          : TP_INT64) +                                                                \
                     ((type) - 1 > 0)))

/* NumPy's type numbers below NPY_LONGDOUBLE. */
static const unsigned char tp_numpy_elements[] = {
    [NPY_BOOL] = TP_ELEMENTS,
    [NPY_BYTE] = TP_INTEGER_OF(npy_byte),
    [NPY_UBYTE] = TP_INTEGER_OF(npy_ubyte),
    [NPY_SHORT] = TP_INTEGER_OF(npy_short),
    [NPY_USHORT] = TP_INTEGER_OF(npy_ushort),
    [NPY_INT] = TP_INTEGER_OF(npy_int),
    [NPY_UINT] = TP_INTEGER_OF(npy_uint),
    [NPY_LONG] = TP_INTEGER_OF(npy_long),
    [NPY_ULONG] = TP_INTEGER_OF(npy_ulong),
    [NPY_LONGLONG] = TP_INTEGER_OF(npy_longlong),
    [NPY_ULONGLONG] = TP_INTEGER_OF(npy_ulonglong),
    [NPY_FLOAT] = TP_FLOAT32,
    [NPY_DOUBLE] = TP_FLOAT64,
};

/* The type of new arrays of such elements. */
static inline int tp_numpy_type(tp_element element) {
    static const int types[] = {NPY_INT8,   NPY_UINT8, NPY_INT16,  NPY_UINT16,  NPY_INT32,
                                NPY_UINT32, NPY_INT64, NPY_UINT64, NPY_FLOAT32, NPY_FLOAT64};
    return types[element];
}

/* NumPy's functions, which are fetched when the first array is seen: where there is one, NumPy has been imported. */
enum { TP_NUMPY_ABSENT, TP_NUMPY_COMING, TP_NUMPY_READY };
static _Atomic int tp_numpy;

static inline bool tp_has_numpy(void) {
    return atomic_load_explicit(&tp_numpy, memory_order_acquire) == TP_NUMPY_READY;
}

static bool tp_fetch_numpy(void) {
    int state = TP_NUMPY_ABSENT;
    if (atomic_compare_exchange_strong(&tp_numpy, &state, TP_NUMPY_COMING)) {
        bool failed = PyArray_ImportNumPyAPI() < 0;
        if (failed) PyErr_Clear();
        atomic_store(&tp_numpy, failed ? TP_NUMPY_ABSENT : TP_NUMPY_READY);
        return !failed;
    }
    while (atomic_load(&tp_numpy) == TP_NUMPY_COMING) {
        Py_BEGIN_ALLOW_THREADS;
        tp_yield();
        Py_END_ALLOW_THREADS;
    }
    return tp_has_numpy();
}

static inline bool tp_is_array(PyObject *object) {
    if (tp_has_numpy()) return PyArray_Check(object);
    for (PyTypeObject *type = Py_TYPE(object); type; type = type->tp_base)
        if (strcmp(type->tp_name, "numpy.ndarray") == 0) return tp_fetch_numpy() && PyArray_Check(object);
    return false;
}

static inline int tp_refuse(PyObject *type, const char *words) {
    PyErr_Format(type, "buf must be %s", words);
    return -1;
}

static int tp_check_array(tp_target *to) {
    PyArrayObject *array = (PyArrayObject *)to->buffer;
    unsigned type = (unsigned)PyArray_TYPE(array);
    to->element = type < Py_ARRAY_LENGTH(tp_numpy_elements) ? (tp_element)tp_numpy_elements[type] : TP_ELEMENTS;
    if (to->element == TP_ELEMENTS) {
        PyErr_Format(PyExc_TypeError, "buf must be an array of integers, of float32 or of float64, not of %S",
                     PyArray_DESCR(array));
        return -1;
    }
    int wanted = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED | (to->for_writing ? NPY_ARRAY_WRITEABLE : 0);
    if (PyArray_CHKFLAGS(array, wanted) && PyArray_ISNOTSWAPPED(array)) return 0;
    if (!PyArray_ISNOTSWAPPED(array)) return tp_refuse(PyExc_TypeError, "in native byte order");
    if (!PyArray_IS_C_CONTIGUOUS(array)) return tp_refuse(PyExc_BufferError, "C-contiguous");
    if (to->for_writing && !PyArray_ISWRITEABLE(array)) return tp_refuse(PyExc_BufferError, "writable, not read-only");
    return tp_refuse(PyExc_ValueError, "aligned to the size of its elements");
}

/* Reads the format of a buffer (struct module syntax); false if it is no native integer nor float. */
static bool tp_read_format(tp_target *to) {
    const char *format = to->view.format ? to->view.format : "B";
    const uint16_t one = 1;
    char native_order = *(const uint8_t *)&one ? '<' : '>';
    if (*format == '@' || *format == '=' || *format == native_order) format++;
    if (!*format || format[1]) return false;
    switch (to->view.itemsize) {
    case 1:
        to->element = TP_INT8;
        break;
    case 2:
        to->element = TP_INT16;
        break;
    case 4:
        to->element = TP_INT32;
        break;
    default:
        to->element = TP_INT64;
    }
    switch (*format) {
    case 'b':
    case 'h':
    case 'i':
    case 'l':
    case 'q':
    case 'n':
        return true;
    case 'B':
    case 'H':
    case 'I':
    case 'L':
    case 'Q':
    case 'N':
        to->element = (tp_element)(to->element + 1);
        return true;
    case 'f':
        to->element = TP_FLOAT32;
        return true;
    case 'd':
        to->element = TP_FLOAT64;
        return true;
    default:
        return false;
    }
}

static int tp_check_view(tp_target *to) {
    if (!tp_read_format(to)) {
        PyErr_Format(PyExc_TypeError, "buf must hold integers or floats in native byte order, not format '%s'",
                     to->view.format);
        return -1;
    }
    bool is_line =
        to->view.ndim == 1 && !to->view.suboffsets && (!to->view.strides || to->view.strides[0] == to->view.itemsize);
    if (!is_line && !PyBuffer_IsContiguous(&to->view, 'C')) return tp_refuse(PyExc_BufferError, "C-contiguous");
    if (to->for_writing && to->view.readonly) return tp_refuse(PyExc_BufferError, "writable, not read-only");
    /* Where there are no elements, an index is what is wrong. */
    if (to->view.len && (uintptr_t)to->view.buf % tp_element_size(to->element))
        return tp_refuse(PyExc_ValueError, "aligned to the size of its elements");
    return 0;
}

static inline void tp_release(tp_target *to) {
    if (!to->has_view) return;
    PyBuffer_Release(&to->view);
#if defined(Py_GIL_DISABLED)
    PyCriticalSection_End(&to->section);
#endif
}

static int tp_resolve_view(tp_target *to) {
    PyBufferProcs *procedures = Py_TYPE(to->buffer)->tp_as_buffer;
    if (!procedures || !procedures->bf_getbuffer) {
        PyErr_Format(PyExc_TypeError, "buf must be a buffer of integers or floats, not '%.200s'",
                     Py_TYPE(to->buffer)->tp_name);
        return -1;
    }
#if defined(Py_GIL_DISABLED)
    PyCriticalSection_Begin(&to->section, to->buffer);
#endif
    if (PyObject_GetBuffer(to->buffer, &to->view, PyBUF_FULL_RO) == 0) {
        to->has_view = true;
        if (tp_check_view(to) == 0) return 0;
        tp_release(to);
        to->has_view = false;
        return -1;
    }
#if defined(Py_GIL_DISABLED)
    PyCriticalSection_End(&to->section);
#endif
    return -1;
}

/* Step one: the buffer. After success, tp_release it. */
static inline int tp_resolve(tp_target *to, PyObject *buffer, bool for_writing) {
    to->buffer = buffer;
    to->has_view = false;
    to->for_writing = for_writing;
    to->ran_python = false;
    /* Whether a type has another for an ancestor takes a call. */
    bool is_array = !PyMemoryView_Check(buffer) && !PyByteArray_CheckExact(buffer) && tp_is_array(buffer);
    return is_array ? tp_check_array(to) : tp_resolve_view(to);
}

static inline Py_ssize_t tp_length(const tp_target *to) {
    if (to->has_view) return to->view.len / (Py_ssize_t)tp_element_size(to->element);
    PyArrayObject *array = (PyArrayObject *)to->buffer;
    return PyArray_NDIM(array) == 1 ? PyArray_DIM(array, 0) : PyArray_SIZE(array);
}

static inline int tp_check_range(const tp_target *to) {
    if ((size_t)to->index < (size_t)tp_length(to)) return 0;
    PyErr_Format(PyExc_IndexError, "index %zd is out of range for %zd elements", to->index, tp_length(to));
    return -1;
}

/* Small ints, without a call. */
static inline bool tp_take_compact(PyObject *argument, Py_ssize_t *value) {
#if PY_VERSION_HEX >= 0x030C0000
    if (!PyLong_CheckExact(argument) || !PyUnstable_Long_IsCompact((PyLongObject *)argument)) return false;
    *value = PyUnstable_Long_CompactValue((PyLongObject *)argument);
    return true;
#else
    return false;
#endif
}

/* The int that an argument of another type stands for: a new reference. Runs Python code. */
static PyObject *tp_to_integer(tp_target *to, const char *name, PyObject *argument) {
    to->ran_python = true;
    bool is_number = !tp_is_array(argument) || PyArray_NDIM((PyArrayObject *)argument) == 0;
    if (is_number && PyIndex_Check(argument)) return PyNumber_Index(argument);
    PyErr_Format(PyExc_TypeError, "%s must be an integer, not '%.200s'", name, Py_TYPE(argument)->tp_name);
    return NULL;
}

static int tp_take_any_index(tp_target *to, PyObject *argument) {
    if (!PyLong_CheckExact(argument)) {
        PyObject *number = tp_to_integer(to, "index", argument);
        int failed = number ? tp_take_any_index(to, number) : -1;
        Py_XDECREF(number);
        return failed;
    }
    to->index = PyLong_AsSsize_t(argument);
    if (to->index == -1 && PyErr_Occurred()) {
        PyErr_Format(PyExc_IndexError, "an index of over 63 bits is out of range for %zd elements", tp_length(to));
        return -1;
    }
    return tp_check_range(to);
}

/* Step two: the index, and the values as the bits of an element. */
static inline int tp_take_index(tp_target *to, PyObject *argument) {
    return tp_take_compact(argument, &to->index) ? tp_check_range(to) : tp_take_any_index(to, argument);
}

static int tp_take_float(tp_target *to, const char *name, PyObject *argument, uint64_t *bits) {
    if (!PyFloat_CheckExact(argument)) to->ran_python = true;
    double value = PyFloat_AsDouble(argument);
    if (value == -1 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_TypeError) && !PyIndex_Check(argument) &&
            !(Py_TYPE(argument)->tp_as_number && Py_TYPE(argument)->tp_as_number->nb_float))
            PyErr_Format(PyExc_TypeError, "%s must be a number, not '%.200s'", name, Py_TYPE(argument)->tp_name);
        else if (PyErr_ExceptionMatches(PyExc_OverflowError) && PyLong_Check(argument))
            PyErr_Format(PyExc_OverflowError, "%s is too large for a float", name);
        return -1;
    }
    float narrow = (float)value;
    *bits = 0;
    if (to->element == TP_FLOAT32)
        memcpy(bits, &narrow, sizeof narrow);
    else
        memcpy(bits, &value, sizeof value);
    return 0;
}

static int tp_take_any_value(tp_target *to, const char *name, PyObject *argument, uint64_t *bits) {
    if (tp_element_is_float(to->element)) return tp_take_float(to, name, argument, bits);
    if (!PyLong_CheckExact(argument)) {
        PyObject *number = tp_to_integer(to, name, argument);
        int failed = number ? tp_take_any_value(to, name, number, bits) : -1;
        Py_XDECREF(number);
        return failed;
    }
    *bits = PyLong_AsUnsignedLongLongMask(argument);
    return *bits == UINT64_MAX && PyErr_Occurred() ? -1 : 0;
}

static inline int tp_take_value(tp_target *to, const char *name, PyObject *argument, uint64_t *bits) {
    Py_ssize_t small;
    if (tp_element_is_float(to->element) || !tp_take_compact(argument, &small))
        return tp_take_any_value(to, name, argument, bits);
    *bits = (uint64_t)(int64_t)small;
    return 0;
}

/* Step three: the address of the first element. */
static inline char *tp_start(const tp_target *to) {
    return to->has_view ? to->view.buf : PyArray_BYTES((PyArrayObject *)to->buffer);
}

/* A NumPy array once more, after Python code ran: what was checked, and converted for its type, must still be so. */
static inline int tp_recheck(tp_target *to) {
    tp_element before = to->element;
    if (to->has_view) return 0;
    if (tp_check_array(to)) return -1;
    return to->element == before ? 0
                                 : tp_refuse(PyExc_TypeError, "an array whose type does not change during the call");
}

/* The address of the element, checked once more if that is needed; NULL with an exception. */
static inline void *tp_address(tp_target *to) {
    if (to->ran_python && (tp_recheck(to) || tp_check_range(to))) return NULL;
    return tp_start(to) + to->index * (Py_ssize_t)tp_element_size(to->element);
}

/* The steps up to here for what is most often asked for, an element of an array of one dimension by a small int: its
 * address. NULL, without an exception: any other case. */
static inline Py_ALWAYS_INLINE void *tp_quick(PyObject *buffer, PyObject *index, int wanted, tp_element *element) {
    if (!tp_has_numpy() || Py_TYPE(buffer) != &PyArray_Type) return NULL;
    PyArrayObject *array = (PyArrayObject *)buffer;
    unsigned type = (unsigned)PyArray_TYPE(array);
    Py_ssize_t at;
    if (type >= Py_ARRAY_LENGTH(tp_numpy_elements) || !PyArray_ISNOTSWAPPED(array) ||
        !PyArray_CHKFLAGS(array, wanted) || PyArray_NDIM(array) != 1)
        return NULL;
    *element = (tp_element)tp_numpy_elements[type];
    if (*element == TP_ELEMENTS || !tp_take_compact(index, &at) || (size_t)at >= (size_t)PyArray_DIM(array, 0))
        return NULL;
    return PyArray_BYTES(array) + at * (Py_ssize_t)tp_element_size(*element);
}

static inline PyObject *tp_to_python(tp_element element, uint64_t bits) {
    float narrow;
    double wide;
    switch (element) {
    case TP_INT8:
        return PyLong_FromLong((int8_t)bits);
    case TP_INT16:
        return PyLong_FromLong((int16_t)bits);
    case TP_INT32:
        return PyLong_FromLong((int32_t)bits);
    case TP_INT64:
        return PyLong_FromLongLong((int64_t)bits);
    case TP_FLOAT32:
        memcpy(&narrow, &bits, sizeof narrow);
        return PyFloat_FromDouble(narrow);
    case TP_FLOAT64:
        memcpy(&wide, &bits, sizeof wide);
        return PyFloat_FromDouble(wide);
    default:
        return PyLong_FromUnsignedLongLong(bits);
    }
}

#endif
