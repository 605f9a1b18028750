# What the kernels over images have in common.

from threadpool cimport Batch, Kernel
from threadpool.imaging._picture cimport Picture, tp_image

cdef extern from "imaging/operation.h" nogil:
    enum:
        TP_OK
        TP_NO_MEMORY

    ctypedef int tp_run_parts(const void *work, size_t begin, size_t end) noexcept nogil

    ctypedef struct tp_stage:
        tp_run_parts *run
        size_t parts
        size_t grain

    ctypedef struct tp_operation:
        const void *work
        unsigned stages
        tp_stage *stage
        double nanoseconds

    int tp_operation_run(const tp_operation *operation)


# What is done with one image, and all that it needs for that.
cdef class Operation:
    cdef tp_operation operation
    cdef Picture source
    cdef Picture target

    cdef object result(self)


cdef class ImageKernel(Kernel):
    cdef readonly str name
    cdef readonly str variant    # of the code, for this CPU

    # What was asked for, checked; once for all images.
    cdef object settings(self, dict options)

    # With a picture; `name` is the picture's, for messages.
    cdef Operation operation(self, Picture picture, settings, out, str name)

    cdef object call(self, image, dict options)


# What is left in `options` is unknown: TypeError.
cdef int refuse_rest(ImageKernel kernel, dict options) except -1
