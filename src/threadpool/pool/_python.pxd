# What the pool asks of CPython. The header says what it means.

from cpython.ref cimport PyObject


cdef extern from "_python.h":
    const bint TP_FREE_THREADED

    PyObject *tp_take_exception()
    int PyErr_CheckSignals() except -1
    PyObject *PyObject_Call(object callable, object arguments, object names)
    int PyContext_Enter(object) except -1
    int PyContext_Exit(object) except -1
