"""The kernel that counts how often each value occurs."""

cimport cython
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from threadpool.imaging._image_kernel cimport ImageKernel, Operation, refuse_rest, tp_operation
from threadpool.imaging._picture cimport TP_MOST_CHANNELS, Picture, target_array, tp_image
from threadpool.pool._pin cimport release

cdef extern from "imaging/histogram.h" nogil:
    ctypedef struct tp_count "_Atomic uint64_t":
        pass

    ctypedef struct tp_image_histogram:
        tp_image before "in"
        tp_count (*counts)[256]

    void tp_image_histogram_prepare(const tp_image_histogram *histogram, tp_operation *operation)


@cython.final
cdef class HistogramOperation(Operation):
    cdef tp_image_histogram histogram
    cdef object counts
    cdef Py_buffer view    # of the counts

    def __dealloc__(self):
        release(&self.view)
        PyMem_RawFree(self.histogram.counts)

    cdef object result(self):
        memcpy(self.view.buf, <void *>self.histogram.counts, self.view.len)
        return self.counts


@cython.final
cdef class Histogram(ImageKernel):
    """``histogram(image)``: how many pixels have each value, as int64: (256,), or (channels, 256).

    >>> import numpy
    >>> histogram(numpy.array([[7, 7, 9]], numpy.uint8))[6:10].tolist()
    [0, 2, 0, 1]

    The same numbers as Pillow's ``histogram()``. ``image`` as for `resize`; ``out`` is a C-contiguous array of int64.
    """

    def __cinit__(self):
        self.name = "histogram"
        self.variant = "portable"

    def __call__(self, image, out=None):
        return self.call(image, {"out": out})

    cdef object settings(self, dict options):
        refuse_rest(self, options)

    cdef Operation operation(self, Picture picture, settings, out, str name):
        cdef HistogramOperation operation = HistogramOperation()
        cdef unsigned channels = picture.channels()
        cdef tuple shape = (channels, 256)
        if picture.is_flat or picture.mode == "L" and picture.pillow is not None:
            shape = shape[1:]
        operation.source = picture
        operation.counts = target_array(&operation.view, picture, out, shape, "int64")
        operation.histogram.before = picture.image
        operation.histogram.counts = <tp_count (*)[256]>PyMem_RawMalloc(TP_MOST_CHANNELS * 256 * sizeof(uint64_t))
        if operation.histogram.counts is NULL:
            raise MemoryError
        tp_image_histogram_prepare(&operation.histogram, &operation.operation)
        return operation
