"""Kernels from pointers to C functions: of one buffer, or of one number. `pointer.kernel` makes them."""

import array

import numpy

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_ND, PyBUF_SIMPLE, PyBUF_WRITABLE, PyObject_CheckBuffer
cimport cython

from threadpool.pool._buffer_kernel cimport BufferFunction, BufferKernel, set_function
from threadpool.pool._items cimport iterator_of, name_of
from threadpool.pool._kernel cimport Batch, Kernel, set_body
from threadpool.pool._pin cimport acquire, release

cdef extern from "pool/scalar.h" nogil:
    ctypedef enum tp_scalar:
        TP_INT32
        TP_INT64
        TP_FLOAT32
        TP_FLOAT64

    ctypedef struct tp_scalar_work:
        void (*function)() noexcept nogil
        const void *arguments
        void *results

    ctypedef int (*tp_scalar_loop)(void *work, size_t begin, size_t end, size_t *failed) noexcept nogil

    tp_scalar_loop tp_scalar_select(tp_scalar argument, tp_scalar result)


@cython.final
cdef class PointerKernel(BufferKernel):
    """`int f(const void *data, size_t size, void *result)`, somewhere in memory."""

    cdef object fn       # keeps the function alive
    cdef object errors

    def __cinit__(self, fn, size_t address, str name, size_t result_size, element, bint in_place, errors):
        self.fn = fn
        self.errors = errors
        set_function(self, name, <BufferFunction>address, result_size)
        self.element = element
        self.in_place = in_place

    cdef object error(self, int code):
        error = self.errors(code)
        if not isinstance(error, BaseException):
            raise TypeError(f"errors must return an exception, not {type(error).__name__!r}")
        return error


@cython.final
cdef class ScalarKernel(Kernel):
    """`double f(double)`, or with other types of number."""

    cdef readonly str name
    cdef object fn                # keeps the function alive
    cdef object argument          # NumPy dtypes
    cdef object result
    cdef size_t address
    cdef tp_scalar_loop loop

    def __cinit__(self, fn, size_t address, str name, argument, result):
        self.fn = fn
        self.address = address
        self.name = name
        self.argument = argument
        self.result = result
        self.loop = tp_scalar_select(scalar_of(argument, "argument"), scalar_of(result, "result"))

    def __call__(self, data, /):
        # As an array, whose only number has been looked at, and goes by the name of the argument.
        cdef ScalarBatch batch = ScalarBatch(self, one_converted(data, self.argument))
        with nogil:
            batch.body(batch.arguments, 0, 1, NULL)
        return batch.results()[0]

    def __repr__(self):
        return f"<kernel {self.name}>"

    cdef Batch bind(self, object data, dict options):
        if options:
            raise TypeError(f"{self.name} takes no option {next(iter(options))!r}")
        return ScalarBatch(self, data)


@cython.final
cdef class ScalarBatch(Batch):
    """Numbers, pinned where they are or copied, and memory for as many results."""

    cdef object outputs
    cdef Py_buffer inputs_view
    cdef Py_buffer outputs_view
    cdef tp_scalar_work work

    def __cinit__(self, ScalarKernel kernel, data):
        if not self.pin(data, kernel.argument):
            acquire(converted(data, kernel.argument), &self.inputs_view, PyBUF_SIMPLE)
        cdef size_t count = self.inputs_view.len // <Py_ssize_t>kernel.argument.itemsize
        self.outputs = numpy.empty(count, kernel.result)
        acquire(self.outputs, &self.outputs_view, PyBUF_WRITABLE)
        self.work.function = <void (*)() noexcept nogil>kernel.address
        self.work.arguments = self.inputs_view.buf
        self.work.results = self.outputs_view.buf
        set_body(self, kernel.loop, &self.work, count)
        self.burst = 256

    cdef bint pin(self, data, argument) except -1:
        """Whether `data` is a contiguous array of the function's own type, which then need not be copied."""
        if not PyObject_CheckBuffer(data):
            return False
        try:
            acquire(data, &self.inputs_view, PyBUF_ND | PyBUF_FORMAT)
        except (BufferError, ValueError):
            return False
        cdef Py_buffer *view = &self.inputs_view
        if view.ndim == 1 and view.itemsize == argument.itemsize and is_format_of(argument, view.format):
            return True
        release(view)
        return False

    def __dealloc__(self):
        release(&self.inputs_view)
        release(&self.outputs_view)

    cdef list results(self):
        return memoryview(self.outputs).tolist()


cdef bint is_format_of(element, const char *format) except -1:
    try:
        return element == (b"B" if format is NULL else <bytes>format).decode()
    except TypeError:  # a format that NumPy does not know
        return False


cdef object converted(data, element):
    """An array.array of the numbers, which refuses what would not arrive at the function as it is."""
    numbers = array.array(element.char)
    for index, item in enumerate(iterator_of(data)):
        append(numbers, item, element, index)
    return numbers


cdef object one_converted(number, element):
    numbers = array.array(element.char)
    append(numbers, number, element, -1)
    return numbers


cdef int append(numbers, number, element, Py_ssize_t index) except -1:
    try:
        numbers.append(number)
    except (TypeError, OverflowError) as error:
        raise type(error)(f"{name_of(index)} must be a number of type {element}: {error}") from None
    return 0


cdef tp_scalar scalar_of(element, str name) except *:
    if element.isnative and element.itemsize in (4, 8):
        if element.kind in "iu":
            return TP_INT32 if element.itemsize == 4 else TP_INT64
        if element.kind == "f":
            return TP_FLOAT32 if element.itemsize == 4 else TP_FLOAT64
    raise TypeError(f"{name} must be an integer or a float of 4 or 8 bytes in native order, not {element}")
