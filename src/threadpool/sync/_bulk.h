/* Arrays as the index: one call for many elements, without the interpreter. */
#ifndef TP_PYTHON_BULK_H
#define TP_PYTHON_BULK_H

#include "_target.h"

#include "sync/bulk.h"

/* As many are done before a thread would be detached and attached again. */
enum { TP_BULK_FEW = 1024 };

static inline bool tp_is_index_array(PyObject *index) {
    return !PyLong_CheckExact(index) && tp_is_array(index) && PyArray_NDIM((PyArrayObject *)index) > 0;
}

/* `argument` as an aligned, C-contiguous array of `type`; copied only if it is not one. Its kind is checked already. */
static PyArrayObject *tp_convert_array(PyObject *argument, int type) {
    return (PyArrayObject *)PyArray_FROMANY(argument, type, 0, 0,
                                            NPY_ARRAY_CARRAY_RO | NPY_ARRAY_FORCECAST | NPY_ARRAY_ENSUREARRAY);
}

static PyArrayObject *tp_take_indices(PyObject *argument) {
    if (PyArray_ISINTEGER((PyArrayObject *)argument)) return tp_convert_array(argument, NPY_INTP);
    PyErr_Format(PyExc_TypeError, "index must be an array of integers, not of %S",
                 PyArray_DESCR((PyArrayObject *)argument));
    return NULL;
}

/* `given`: before it was converted. */
static void tp_refuse_index(const tp_target *to, PyObject *given, size_t position) {
    PyObject *index = PyObject_CallMethod(given, "item", "n", (Py_ssize_t)position);
    if (!index) return;
    PyErr_Format(PyExc_IndexError, "index %S, at position %zu, is out of range for %zd elements", index, position,
                 tp_length(to));
    Py_DECREF(index);
}

/* The values: one for all, in `bits`, or an array with one for each, a new reference in `many`. */
static int tp_take_values(tp_target *to, PyArrayObject *indices, PyObject *argument, uint64_t *bits,
                          PyArrayObject **many) {
    PyArrayObject *array = (PyArrayObject *)argument;
    *many = NULL;
    if (!tp_is_index_array(argument)) return tp_take_value(to, "value", argument, bits);
    if (!PyArray_ISINTEGER(array) && !(PyArray_ISFLOAT(array) && tp_element_is_float(to->element))) {
        PyErr_Format(PyExc_TypeError, "value must be an array of %s, not of %S",
                     tp_element_is_float(to->element) ? "numbers" : "integers", PyArray_DESCR(array));
        return -1;
    }
    if (!PyArray_SAMESHAPE(array, indices)) {
        PyObject *of_value = PyObject_GetAttrString(argument, "shape");
        PyObject *of_index = PyObject_GetAttrString((PyObject *)indices, "shape");
        if (of_value && of_index)
            PyErr_Format(PyExc_ValueError, "value must have the shape of index, %S, not %S", of_index, of_value);
        Py_XDECREF(of_value);
        Py_XDECREF(of_index);
        return -1;
    }
    *many = tp_convert_array(argument, tp_numpy_type(to->element));
    return *many && PyArray_SIZE(*many) == PyArray_SIZE(indices) ? 0 : -1;
}

/* How many indices come before the first that is out of range. */
static size_t tp_bulk_in_range(const tp_target *to, const intptr_t *indices, size_t count) {
    size_t length = (size_t)tp_length(to);
    PyThreadState *state = count > TP_BULK_FEW ? PyEval_SaveThread() : NULL;
    size_t in_range = tp_bulk_check(indices, count, length);
    if (state) PyEval_RestoreThread(state);
    return in_range;
}

/* Steps two and three for many elements: `operation` with `value`, or a load into a new array if that is NULL. */
static PyObject *tp_bulk(tp_target *to, tp_operation operation, PyObject *index, PyObject *value) {
    PyArrayObject *indices = tp_take_indices(index), *values = NULL, *result = NULL;
    uint64_t bits = 0;
    if (!indices) return NULL;
    /* While detached, no other thread's resize may think that nobody else has the array. */
    Py_INCREF(to->buffer);
    const intptr_t *places = PyArray_DATA(indices);
    size_t count = (size_t)PyArray_SIZE(indices), done = tp_bulk_in_range(to, places, count);
    if (done < count) goto out_of_range;
    if (value && tp_take_values(to, indices, value, &bits, &values)) goto end;
    if (tp_recheck(to)) goto end;
    if (to->ran_python && (done = tp_bulk_in_range(to, places, count)) < count) goto out_of_range;
    if (!value && !(result = (PyArrayObject *)PyArray_SimpleNew(PyArray_NDIM(indices), PyArray_DIMS(indices),
                                                                tp_numpy_type(to->element))))
        goto end;

    tp_array array = {tp_start(to), (size_t)tp_length(to), to->element};
    const void *source = values ? PyArray_DATA(values) : (void *)&bits;
    PyThreadState *state = count > TP_BULK_FEW ? PyEval_SaveThread() : NULL;
    done = value ? tp_bulk_apply(operation, array, places, source, values != NULL, count)
                 : tp_bulk_load(array, places, PyArray_DATA(result), count);
    if (state) PyEval_RestoreThread(state);
    if (done == count) {
        if (value) result = (PyArrayObject *)Py_NewRef(Py_None);
        goto end;
    }
    Py_CLEAR(result);
out_of_range:
    tp_refuse_index(to, index, done);
end:
    Py_DECREF(to->buffer);
    Py_DECREF(indices);
    Py_XDECREF(values);
    return (PyObject *)result;
}

#endif
