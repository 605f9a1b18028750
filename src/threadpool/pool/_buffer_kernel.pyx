"""Kernels of the most common shape: a buffer in, a result of fixed size out."""

from cpython.buffer cimport PyBUF_STRIDED_RO, PyObject_CheckBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
cimport cython
from libc.math cimport INFINITY
from libc.stdint cimport uint32_t

from threadpool.pool._items cimport drained
from threadpool.pool._kernel cimport set_body
from threadpool.pool._pin cimport acquire, pin, release

# How many the function, or that for several buffers, is given at once: so many that to ask for them costs little, and so
# few that nobody is kept waiting; some, where it is not known what one takes.
cdef enum: SOME_BURST = 32
cdef enum: ROWS_AT_ONCE = 256
cdef enum: MOST_BURST = 512
cdef double BURST_NANOSECONDS = 10_000.0  # half of TP_QUICK_NANOSECONDS, from which on it would be one at a time

cdef struct buffer_calls:
    BufferFunction function
    BuffersFunction together
    BufferCall *calls          # NULL: the inputs are rows, and the results elements, which say where they are
    char *rows
    Py_ssize_t stride
    size_t size                # of a row
    char *results
    size_t result_size


cdef class BufferKernel(Kernel):
    """A kernel whose inputs are buffers and whose results are all of one size."""

    def __cinit__(self):
        self.item_nanoseconds = INFINITY

    def __call__(self, data, /):
        cdef BufferCall call
        cdef Py_buffer view
        cdef uint32_t word
        cdef int code
        cdef bint is_word = type(self.element) is str
        check_function(self)
        if is_word:
            call.result = &word
        elif self.element is None:
            result = new_result(self, &call)
        else:
            result = new_array(self, 1, None)
            call.result = memory_of(result)
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
        if is_word:
            return word
        return result if self.element is None else as_list(result)[0]

    def many(self, items, *, out=None, workers=None):
        """The results of many inputs as the rows of one array, worked out on every core.

        ``items``: a list of bytes-like objects; an array of two dimensions or more, each row one input, whatever the stride
        between them; or a tuple ``(data, offsets)`` as in Arrow: one buffer, and an array of integers between which its
        parts lie. Returns an array of uint8, (n, size of a result), or one of n results of the kernel's type; ``out`` is
        such an array to write to, and to return, C-contiguous and of other memory. ``workers`` caps the threads, the caller
        included. Safe to call from any thread; Ctrl-C takes effect between items.

        TypeError, BufferError: an item, by its number, or offsets that are no array of integers; ValueError: an ``out`` of
        another shape, dtype or layout, or that overlaps the data; offsets that decrease or pass the end. Nothing is done
        then.
        """
        from threadpool.pool import run

        if self.result_size == 0:
            raise TypeError(f"{self.name} has no results")
        return run(Together(self, out), items, workers=workers)[0]

    def __repr__(self):
        return f"<kernel {self.name}>"

    cdef Batch bind(self, object data, dict options):
        if options:
            raise TypeError(f"{self.name} takes no option {next(iter(options))!r}")
        return BufferBatch(self, data, False, None)

    cdef object error(self, int code):
        """The exception that stands for a code of the function."""
        return RuntimeError(f"{self.name} returned code {code}")


cdef inline int check_function(BufferKernel kernel) except -1:
    if kernel.function is NULL:
        raise NotImplementedError(f"{type(kernel).__name__} is a base of kernels: it has no function")
    return 0


cdef int call_once(BufferKernel kernel, BufferCall *call) noexcept:
    if call.size < kernel.worth_detaching:
        return kernel.function(call.data, call.size, call.result)
    with nogil:
        return kernel.function(call.data, call.size, call.result)


@cython.final
cdef class Together(Kernel):
    """A kernel whose results are one array: that is the only element of the list that `run` returns."""

    cdef BufferKernel kernel
    cdef object out

    def __cinit__(self, BufferKernel kernel, out):
        self.kernel = kernel
        self.out = out

    cdef Batch bind(self, object data, dict options):
        return BufferBatch(self.kernel, data, True, self.out)


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

    cdef bint is_together

    def __cinit__(self, BufferKernel kernel, data, bint is_together, out):
        check_function(kernel)
        self.kernel = kernel
        self.is_together = is_together
        if not (is_together and self.take_parts(data)) and not self.take_rows(data):
            if isinstance(data, (str, bytes, bytearray, memoryview)):
                raise TypeError(f"data must be several bytes-like objects, not one: {type(data).__name__!r}")
            self.take_items(data if type(data) is tuple else drained(data))
        cdef size_t index, total = 0
        cdef list outputs
        if is_together or kernel.element is not None:
            self.outputs = new_array(kernel, self.count, out)
            self.work.results = memory_of(self.outputs)
            self.work.result_size = kernel.result_size
            if self.work.calls is not NULL:
                for index in range(self.count):
                    self.work.calls[index].result = self.work.results + index * kernel.result_size
        else:
            if self.work.calls is NULL:
                self.allocate(self.count, 0)
                for index in range(self.count):
                    set_row(&self.work, index, &self.work.calls[index])
            self.outputs = outputs = [None] * self.count
            for index in range(self.count):
                outputs[index] = new_result(kernel, &self.work.calls[index])
        if out is not None:
            self.refuse_overlap()
        self.work.function = kernel.function
        self.work.together = kernel.together
        set_body(self, call_function if kernel.together is NULL else call_together, &self.work, self.count)
        self.unit = max(1, kernel.unit)
        if self.work.calls is NULL:
            total = self.count * self.work.size
        elif kernel.byte_nanoseconds:
            for index in range(self.count):
                total += self.work.calls[index].size
        if self.count:
            self.nanoseconds = kernel.item_nanoseconds * self.count + kernel.byte_nanoseconds * total
        else:
            self.nanoseconds = 0
        cdef double burst = SOME_BURST
        if 0 < self.nanoseconds < INFINITY:
            burst = min(<double>MOST_BURST, BURST_NANOSECONDS * self.count / self.nanoseconds)
        self.burst = max(<uint32_t>1, <uint32_t>burst // self.unit)

    cdef int refuse_overlap(self) except -1:
        """Of `out` and the data: what is hashed would be changed meanwhile."""
        cdef const char *begin = self.work.results
        cdef const char *end = begin + self.count * self.work.result_size
        cdef BufferCall call
        cdef size_t index
        for index in range(self.count):
            if self.work.calls is NULL:
                set_row(&self.work, index, &call)
            else:
                call = self.work.calls[index]
            if call.size and <const char *>call.data < end and begin < <const char *>call.data + call.size:
                raise ValueError(f"out must not overlap the data, but does with data[{index}]")
        return 0

    cdef int allocate(self, size_t count, size_t views) except -1:
        self.count = count
        self.work.calls = <BufferCall *>PyMem_RawCalloc(max(count, <size_t>1), sizeof(BufferCall))
        self.views = <Py_buffer *>PyMem_RawCalloc(max(views, <size_t>1), sizeof(Py_buffer))
        if self.work.calls is NULL or self.views is NULL:
            raise MemoryError
        return 0

    cdef int take_items(self, tuple items) except -1:
        cdef size_t index, views = 0
        cdef BufferCall *call
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

    cdef bint take_parts(self, data) except -1:
        """Whether `data` is a buffer and the places between which its parts lie."""
        if type(data) is not tuple:
            return False
        import numpy

        if len(data) != 2:
            raise TypeError(f"items must be (data, offsets) if it is a tuple, not of {len(data)} elements")
        given = numpy.asarray(data[1])
        if given.ndim != 1 or given.dtype.kind not in "iu":
            raise TypeError(f"offsets must be an array of integers, with one dimension, not of {given.dtype} with {given.ndim}")
        cdef const long long[::1] offsets = numpy.array(given, numpy.longlong)  # which nobody else writes to
        cdef size_t index
        pin(&self.rows, data[0], self.kernel.in_place, -1)
        if len(offsets) == 0:
            raise ValueError("offsets must have at least one element")
        self.allocate(len(offsets) - 1, 0)
        if not 0 <= offsets[0] <= self.rows.len:
            raise ValueError(f"offsets must be from 0 to {self.rows.len}, the size of data: offsets[0] is {given[0]}")
        for index in range(self.count):
            if not offsets[index] <= offsets[index + 1] <= self.rows.len:
                raise ValueError(
                    f"offsets must not decrease, nor pass {self.rows.len}, the size of data: offsets[{index + 1}] is "
                    f"{given[index + 1]}, after {given[index]}")
            self.work.calls[index].data = <char *>self.rows.buf + offsets[index]
            self.work.calls[index].size = offsets[index + 1] - offsets[index]
        return True

    cdef bint take_rows(self, data) except -1:
        """Whether `data` is one buffer of two dimensions or more with contiguous rows, which then need no object each."""
        cdef Py_buffer *rows = &self.rows
        if not PyObject_CheckBuffer(data):
            return False
        try:
            acquire(data, rows, PyBUF_STRIDED_RO)
        except (BufferError, ValueError):
            return False
        if not has_contiguous_rows(rows) or (self.kernel.in_place and rows.readonly):
            release(rows)
            return False
        self.count = rows.shape[0]
        self.work.rows = <char *>rows.buf
        self.work.size = rows.len // max(rows.shape[0], 1)
        self.work.stride = self.work.size if rows.strides is NULL else rows.strides[0]
        return True

    def __dealloc__(self):
        cdef size_t index
        for index in range(self.pinned):
            release(&self.views[index])
        release(&self.rows)
        PyMem_RawFree(self.views)
        PyMem_RawFree(self.work.calls)

    cdef list results(self):
        return [self.outputs] if self.is_together else as_list(self.outputs)

    cdef object error(self, size_t index, int code):
        return self.kernel.error(code)


cdef inline void set_row(const buffer_calls *work, size_t index, BufferCall *call) noexcept nogil:
    call.data = work.rows + <Py_ssize_t>index * work.stride
    call.size = work.size
    call.result = work.results + index * work.result_size


cdef int call_function(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil:
    cdef buffer_calls *work = <buffer_calls *>arguments
    cdef BufferCall call
    cdef size_t index
    cdef int code
    for index in range(begin, end):
        if work.calls is NULL:
            set_row(work, index, &call)
        else:
            call = work.calls[index]
        code = work.function(call.data, call.size, call.result)
        if code:
            failed[0] = index
            return code
    return 0


cdef int call_together(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil:
    cdef buffer_calls *work = <buffer_calls *>arguments
    cdef BufferCall calls[ROWS_AT_ONCE]
    cdef size_t index, count
    if work.calls is not NULL:
        work.together(work.calls + begin, end - begin)
        return 0
    while begin < end:
        count = min(end - begin, <size_t>ROWS_AT_ONCE)
        for index in range(count):
            set_row(work, begin + index, &calls[index])
        work.together(calls, count)
        begin += count
    return 0


cdef inline object new_result(BufferKernel kernel, BufferCall *call):
    """A bytes object for the call to write to, or None."""
    if kernel.result_size == 0:
        call.result = NULL
        return None
    result = PyBytes_FromStringAndSize(NULL, kernel.result_size)
    call.result = PyBytes_AS_STRING(result)
    return result


cdef object new_array(BufferKernel kernel, size_t count, out):
    """An array for calls to write to: `out`, or a new one."""
    import numpy

    element = numpy.dtype(("u1", (kernel.result_size,)) if kernel.element is None else kernel.element)
    shape = (count, *element.shape)
    if out is None:
        out = numpy.empty(shape, element.base)
    elif not isinstance(out, numpy.ndarray):
        raise TypeError(f"out must be an array, not {type(out).__name__!r}")
    elif out.shape != shape or out.dtype != element.base or not out.flags.carray:
        raise ValueError(f"out must be a writable, C-contiguous array of {element.base} and shape {shape}, not of "
                         f"{out.dtype} and shape {out.shape}{'' if out.flags.carray else ', with other flags'}")
    return out


cdef char *memory_of(array) except? NULL:
    cdef size_t address = array.__array_interface__["data"][0]
    return <char *>address


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
