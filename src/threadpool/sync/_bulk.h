/* Arrays as the index: one call for many elements, without the interpreter. */
#ifndef TP_PYTHON_BULK_H
#define TP_PYTHON_BULK_H

#include "_target.h"

#include "sync/bulk.h"

/* A few are done before a thread would be detached and attached again. */
enum { FEW = 1024 };

static inline bool tp_is_index_array(PyObject *index) {
    return !PyLong_CheckExact(index) && PyArray_API && PyArray_Check(index) && PyArray_NDIM((PyArrayObject *)index) > 0;
}

/* `argument` as an aligned, C-contiguous array of `type`; copied only if it is not one. Its kind is checked already. */
static PyArrayObject *tp_convert_array(PyObject *argument, int type) {
    return (PyArrayObject *)PyArray_FROMANY(argument, type, 0, 0, NPY_ARRAY_CARRAY_RO | NPY_ARRAY_FORCECAST);
}

static PyArrayObject *tp_take_indices(PyObject *argument) {
    if (PyArray_ISINTEGER((PyArrayObject *)argument)) return tp_convert_array(argument, NPY_INTP);
    PyErr_Format(PyExc_TypeError, "index must be an array of integers, not of %S",
                 PyArray_DESCR((PyArrayObject *)argument));
    return NULL;
}

static int tp_refuse_index(const tp_target *to, PyArrayObject *indices, size_t position) {
    intptr_t index = ((intptr_t *)PyArray_DATA(indices))[position];
    if ((size_t)index < (size_t)tp_length(to))
        PyErr_Format(PyExc_IndexError, "index was written to during the call: position %zu was out of range", position);
    else
        PyErr_Format(PyExc_IndexError, "index %zd, at position %zu, is out of range for %zd elements",
                     (Py_ssize_t)index, position, tp_length(to));
    return -1;
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
    return *many ? 0 : -1;
}

/* Steps two and three for many elements: `operation` with `value`, or a load into a new array if that is NULL. */
static PyObject *tp_bulk(tp_target *to, tp_operation operation, PyObject *index, PyObject *value) {
    PyArrayObject *indices = tp_take_indices(index), *values = NULL, *result = NULL;
    if (!indices) return NULL;
    size_t count = (size_t)PyArray_SIZE(indices), done = tp_bulk_check(PyArray_DATA(indices), count, tp_length(to));
    uint64_t bits = 0;
    if (done < count ? tp_refuse_index(to, indices, done)
        : value      ? tp_take_values(to, indices, value, &bits, &values)
                     : 0)
        goto failed;
    if (!value && !(result = (PyArrayObject *)PyArray_SimpleNew(PyArray_NDIM(indices), PyArray_DIMS(indices),
                                                                tp_numpy_type(to->element))))
        goto failed;
    if (!to->has_view && to->ran_python && tp_check_array(to)) goto failed;
    const void *source = values ? PyArray_DATA(values) : &bits;
    tp_array array = {tp_start(to), (size_t)tp_length(to), to->element};
    PyThreadState *state = count > FEW ? PyEval_SaveThread() : NULL;
    done = value ? tp_bulk_apply(operation, array, PyArray_DATA(indices), source, values != NULL, count)
                 : tp_bulk_load(array, PyArray_DATA(indices), PyArray_DATA(result), count);
    if (state) PyEval_RestoreThread(state);
    if (done < count && tp_refuse_index(to, indices, done)) goto failed;
    Py_DECREF(indices);
    Py_XDECREF(values);
    return value ? Py_NewRef(Py_None) : (PyObject *)result;
failed:
    Py_DECREF(indices);
    Py_XDECREF(values);
    Py_XDECREF(result);
    return NULL;
}

#endif
