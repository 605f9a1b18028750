"""Kernels of the most common shape: a buffer in, a result of fixed size out."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_STRIDED_RO, PyBUF_WRITABLE, PyObject_CheckBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
cimport cython
from libc.math cimport INFINITY

from threadpool.pool._items cimport drained
from threadpool.pool._kernel cimport set_body
from threadpool.pool._pin cimport acquire, release

cdef struct buffer_call:
    const void *data
    size_t size
    void *result

cdef struct buffer_calls:
    BufferFunction function
    buffer_call *calls


cdef class BufferKernel(Kernel):
    """A kernel whose inputs are buffers and whose results are all of one size."""

    def __cinit__(self):
        self.item_nanoseconds = INFINITY

    def __call__(self, data, /):
        cdef buffer_call call
        cdef Py_buffer view
        cdef int code
        result = new_result(self, &call) if self.element is None else new_array(self, 1, &call)
        if PyBytes_CheckExact(data) and not self.in_place:
            call.data = PyBytes_AS_STRING(data)
            call.size = PyBytes_GET_SIZE(data)
            code = call_once(self, &call)
        else:
            pin(&view, data, self.in_place, -1)
            call.data = view.buf
            call.size = view.len
            code = call_once(self, &call)
            release(&view)
        if code:
            raise self.error(code)
        return result if self.element is None else as_list(result)[0]

    def __repr__(self):
        return f"<kernel {self.name}>"

    cdef Batch bind(self, object data, dict options):
        if options:
            raise TypeError(f"{self.name} takes no option {next(iter(options))!r}")
        return BufferBatch(self, data)

    cdef object error(self, int code):
        """The exception that stands for a code of the function."""
        return RuntimeError(f"{self.name} returned code {code}")


cdef int call_once(BufferKernel kernel, buffer_call *call) noexcept:
    if call.size < kernel.worth_detaching:
        return kernel.function(call.data, call.size, call.result)
    with nogil:
        return kernel.function(call.data, call.size, call.result)


@cython.final
cdef class BufferBatch(Batch):
    """Buffers, pinned, and memory for the result of each."""

    cdef BufferKernel kernel
    cdef object inputs        # keeps the bytes objects alive
    cdef object outputs
    cdef buffer_calls work
    cdef Py_buffer *views     # of the inputs that are not bytes
    cdef size_t pinned
    cdef Py_buffer rows       # of the inputs in one

    def __cinit__(self, BufferKernel kernel, data):
        self.kernel = kernel
        if not self.take_rows(data):
            self.take_items(data if type(data) is tuple else drained(data))
        cdef size_t index
        cdef list outputs
        if kernel.element is None:
            self.outputs = outputs = [None] * self.count
            for index in range(self.count):
                outputs[index] = new_result(kernel, &self.work.calls[index])
        else:
            self.outputs = new_array(kernel, self.count, self.work.calls)
        self.work.function = kernel.function
        set_body(self, call_function, &self.work, self.count)
        self.burst = 32
        self.nanoseconds = kernel.item_nanoseconds * self.count if self.count else 0
        if kernel.byte_nanoseconds:
            for index in range(self.count):
                self.nanoseconds += kernel.byte_nanoseconds * self.work.calls[index].size

    cdef int allocate(self, size_t count, size_t views) except -1:
        self.count = count
        self.work.calls = <buffer_call *>PyMem_RawCalloc(max(count, <size_t>1), sizeof(buffer_call))
        self.views = <Py_buffer *>PyMem_RawCalloc(max(views, <size_t>1), sizeof(Py_buffer))
        if self.work.calls is NULL or self.views is NULL:
            raise MemoryError
        return 0

    cdef int take_items(self, tuple items) except -1:
        cdef size_t index, views = 0
        cdef buffer_call *call
        cdef bint in_place = self.kernel.in_place
        self.inputs = items
        for item in items:
            views += in_place or not PyBytes_CheckExact(item)
        self.allocate(len(items), views)
        for index in range(self.count):
            item = items[index]
            call = &self.work.calls[index]
            if PyBytes_CheckExact(item) and not in_place:
                call.data = PyBytes_AS_STRING(item)
                call.size = PyBytes_GET_SIZE(item)
                continue
            pin(&self.views[self.pinned], item, in_place, index)
            call.data = self.views[self.pinned].buf
            call.size = self.views[self.pinned].len
            self.pinned += 1
        return 0

    cdef bint take_rows(self, data) except -1:
        """Whether `data` is one buffer of two dimensions or more with contiguous rows, which then need no object each."""
        cdef Py_buffer *rows = &self.rows
        cdef size_t index
        if not PyObject_CheckBuffer(data):
            return False
        try:
            acquire(data, rows, PyBUF_STRIDED_RO)
        except (BufferError, ValueError):
            return False
        if not has_contiguous_rows(rows) or (self.kernel.in_place and rows.readonly):
            release(rows)
            return False
        self.allocate(rows.shape[0], 0)
        cdef Py_ssize_t size = rows.len // max(rows.shape[0], 1)
        cdef Py_ssize_t stride = size if rows.strides is NULL else rows.strides[0]
        for index in range(self.count):
            self.work.calls[index].data = <char *>rows.buf + <Py_ssize_t>index * stride
            self.work.calls[index].size = size
        return True

    def __dealloc__(self):
        cdef size_t index
        for index in range(self.pinned):
            release(&self.views[index])
        release(&self.rows)
        PyMem_RawFree(self.views)
        PyMem_RawFree(self.work.calls)

    cdef list results(self):
        return as_list(self.outputs)

    cdef object error(self, size_t index, int code):
        return self.kernel.error(code)


cdef int call_function(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil:
    cdef buffer_calls *work = <buffer_calls *>arguments
    cdef buffer_call *call
    cdef size_t index
    cdef int code
    for index in range(begin, end):
        call = &work.calls[index]
        code = work.function(call.data, call.size, call.result)
        if code:
            failed[0] = index
            return code
    return 0


cdef inline object new_result(BufferKernel kernel, buffer_call *call):
    """A bytes object for the call to write to, or None."""
    if kernel.result_size == 0:
        call.result = NULL
        return None
    result = PyBytes_FromStringAndSize(NULL, kernel.result_size)
    call.result = PyBytes_AS_STRING(result)
    return result


cdef object new_array(BufferKernel kernel, size_t count, buffer_call *calls):
    """An array for calls to write to."""
    import numpy

    cdef size_t index
    array = numpy.empty(count, kernel.element)
    cdef size_t address = array.__array_interface__["data"][0]
    for index in range(count):
        calls[index].result = <void *>(address + index * kernel.result_size)
    return array


cdef list as_list(results):
    """The results as the caller is given them; those in an array as Python scalars, or as an array for each item."""
    if type(results) is list:
        return results
    return results.tolist() if results.ndim == 1 else list(results)


cdef bint has_contiguous_rows(Py_buffer *view) noexcept:
    cdef Py_ssize_t expected = view.itemsize
    cdef int axis
    for axis in range(view.ndim - 1, 0, -1):
        # No strides: all of it is contiguous.
        if view.strides is not NULL and view.shape[axis] > 1 and view.strides[axis] != expected:
            return False
        expected *= view.shape[axis]
    return view.ndim > 1


cdef int pin(Py_buffer *view, object item, bint writable, Py_ssize_t index) except -1:
    """`index` of the item in data; -1: the item is data itself."""
    try:
        acquire(item, view, PyBUF_WRITABLE if writable else PyBUF_SIMPLE)
    except TypeError:
        raise TypeError(f"{name_of(index)} must be a bytes-like object, not {type(item).__name__!r}") from None
    except (BufferError, ValueError) as error:
        kind = "contiguous, writable" if writable else "contiguous"
        raise BufferError(f"{name_of(index)} must be a {kind} buffer: {error}") from None
    return 0


cdef str name_of(Py_ssize_t index):
    return "data" if index < 0 else f"data[{index}]"
