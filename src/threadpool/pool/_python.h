/* What the pool asks of CPython that differs between its versions and builds, or that Cython does not offer. */
#ifndef TP_PYTHON_H
#define TP_PYTHON_H

#include <Python.h>

#if defined(Py_GIL_DISABLED)
#define TP_FREE_THREADED 1
#else
#define TP_FREE_THREADED 0
#endif

/* The exception that is set, with its traceback; none is set any more. */
static inline PyObject *tp_take_exception(void) {
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback) PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
#endif
}

#endif
