# cython: language_level=3, freethreading_compatible=True
"""Kernels for threadpool.run, and atomic operations."""

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint64_t

cimport threadpool
from threadpool.sync cimport native

import numpy


# The ready-made shape: a function of one buffer, and a class that says what it is.

cdef enum: BINARY = 1


cdef int count_newlines(const void *data, size_t size, void *result) noexcept nogil:
    cdef const char *text = <const char *>data
    cdef uint64_t lines = 0
    cdef size_t index
    for index in range(size):
        if text[index] == 0:
            return BINARY
        lines += text[index] == 10
    (<uint64_t *>result)[0] = lines
    return 0


cdef class CountLines(threadpool.BufferKernel):
    """The number of newlines in a bytes-like object. ValueError: a null byte, so it is no text."""

    def __cinit__(self):
        threadpool.set_function(self, "count_lines", count_newlines, sizeof(uint64_t))
        self.element = numpy.dtype("uint64")  # results are ints; without it, bytes objects
        self.item_nanoseconds = 20            # so that a small run wakes nobody
        self.byte_nanoseconds = 1

    cdef object error(self, int code):
        return ValueError("binary data has no lines")


count_lines = CountLines()


# All by hand: what `data` is, which options there are, what the loop does.

cdef struct Row:
    double *values
    size_t size

cdef struct Scaling:
    Row *rows
    double factor


cdef int scale_rows(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil:
    cdef Scaling *work = <Scaling *>arguments
    cdef size_t index, column
    for index in range(begin, end):
        for column in range(work.rows[index].size):
            work.rows[index].values[column] *= work.factor
    return 0


cdef class ScaleBatch(threadpool.Batch):
    cdef list pinned
    cdef Scaling work

    def __cinit__(self, data, double factor):
        cdef double[::1] row
        self.pinned = []
        for item in data:
            row = item  # ValueError: not contiguous, or not float64
            self.pinned.append(row)
        self.work.factor = factor
        self.work.rows = <Row *>PyMem_Calloc(len(self.pinned) + 1, sizeof(Row))
        if self.work.rows is NULL:
            raise MemoryError
        for index, row in enumerate(self.pinned):
            if row.size:
                self.work.rows[index] = Row(&row[0], row.size)
        threadpool.set_body(self, scale_rows, &self.work, len(self.pinned))

    def __dealloc__(self):
        PyMem_Free(self.work.rows)

    cdef list results(self):
        return [None] * self.count


cdef class Scale(threadpool.Kernel):
    """Multiplies arrays of float64 in place: ``run(functools.partial(scale, factor=2.0), rows)``."""

    cdef threadpool.Batch bind(self, object data, dict options):
        return ScaleBatch(data, **options)


scale = Scale()


# Atomic operations, and waiting, in memory of Python and without it.

def total(double[::1] sums, Py_ssize_t index, const double[::1] values):
    """Adds the values to sums[index], which other threads add to as well."""
    cdef double value
    with nogil:
        for value in values:
            native.add(&sums[index], value)


cdef class Latch:
    """Opens when it was counted down to 0. ``cells[0]`` is how many are missing: Atomics.wait works on it too."""

    cdef int32_t[::1] cells

    def __cinit__(self, int32_t[::1] cells):
        self.cells = cells

    def count_down(self):
        cdef int32_t *missing = &self.cells[0]
        with nogil:
            if native.sub(missing, <int32_t>1) == 1:
                native.notify(missing, native.ALL)

    def wait(self, double seconds=INFINITY):
        """Whether it is open by then."""
        cdef int32_t *missing = &self.cells[0]
        cdef int32_t seen
        with nogil:
            seen = native.load(missing)
            while seen > 0 and native.wait(missing, seen, seconds) != native.TIMED_OUT:
                seen = native.load(missing)
        return seen <= 0
