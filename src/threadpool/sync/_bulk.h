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
static int tp_refuse_index(const tp_target *to, PyObject *given, size_t position) {
    PyObject *index = PyObject_CallMethod(given, "item", "n", (Py_ssize_t)position);
    if (!index) return -1;
    PyErr_Format(PyExc_IndexError, "index %S, at position %zu, is out of range for %zd elements", index, position,
                 tp_length(to));
    Py_DECREF(index);
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
    return *many && PyArray_SIZE(*many) == PyArray_SIZE(indices) ? 0 : -1;
}

typedef struct tp_bulk_call {
    tp_operation operation;
    tp_array array;
    const intptr_t *indices;
    size_t count;
    const void *values; /* NULL: a load, into `result` */
    size_t step;
    void *result;
} tp_bulk_call;

/* How many it has done, before an index that is out of range. */
static size_t tp_bulk_run(const tp_bulk_call *call) {
    size_t in_range = tp_bulk_check(call->indices, call->count, call->array.length);
    if (in_range < call->count) return in_range;
    return call->values
               ? tp_bulk_apply(call->operation, call->array, call->indices, call->values, call->step, call->count)
               : tp_bulk_load(call->array, call->indices, call->result, call->count);
}

/* Steps two and three for many elements: `operation` with `value`, or a load into a new array if that is NULL. */
static PyObject *tp_bulk(tp_target *to, tp_operation operation, PyObject *index, PyObject *value) {
    PyArrayObject *indices = tp_take_indices(index), *values = NULL, *result = NULL;
    uint64_t bits = 0;
    size_t done;
    if (!indices) return NULL;
    tp_bulk_call call = {
        .operation = operation, .indices = PyArray_DATA(indices), .count = (size_t)PyArray_SIZE(indices)};
    /* An index that is out of range comes before whatever is wrong with the values. */
    if (value && (done = tp_bulk_check(call.indices, call.count, (size_t)tp_length(to))) < call.count) {
        tp_refuse_index(to, index, done);
        goto failed;
    }
    if (value && tp_take_values(to, indices, value, &bits, &values)) goto failed;
    if (!value && !(result = (PyArrayObject *)PyArray_SimpleNew(PyArray_NDIM(indices), PyArray_DIMS(indices),
                                                                tp_numpy_type(to->element))))
        goto failed;
    if (tp_recheck(to)) goto failed;
    call.array = (tp_array){tp_start(to), (size_t)tp_length(to), to->element};
    call.values = !value ? NULL : values ? PyArray_DATA(values) : (void *)&bits;
    call.step = values != NULL;
    call.result = result ? PyArray_DATA(result) : NULL;
    /* While detached, no other thread's resize may think that nobody else has the array. */
    Py_INCREF(to->buffer);
    PyThreadState *state = call.count > TP_BULK_FEW ? PyEval_SaveThread() : NULL;
    done = tp_bulk_run(&call);
    if (state) PyEval_RestoreThread(state);
    Py_DECREF(to->buffer);
    if (done < call.count && tp_refuse_index(to, index, done)) goto failed;
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
