# Resizing, also as a part of other kernels.

from libc.stddef cimport size_t
from libc.stdint cimport uint8_t

from threadpool.imaging._image_kernel cimport Operation, tp_operation
from threadpool.imaging._picture cimport Picture, tp_image

cdef extern from "imaging/resize.h" nogil:
    ctypedef struct tp_resize_variant:
        pass

cdef extern from "imaging/axis.h" nogil:
    ctypedef enum tp_filter:
        TP_NEAREST
        TP_BOX
        TP_BILINEAR
        TP_HAMMING
        TP_BICUBIC
        TP_LANCZOS

    ctypedef struct tp_axis:
        pass

    tp_axis *tp_axis_new(size_t before, float begin, float end, size_t after, tp_filter filter,
                         const tp_resize_variant *variant, unsigned channels)
    void tp_axis_free(tp_axis *axis)

cdef extern from "imaging/resize.h" nogil:
    ctypedef struct tp_resize:
        const tp_resize_variant *variant
        tp_image before "in"
        tp_image out
        const tp_axis *across
        const tp_axis *down
        bint alpha
        void (*emit)(void *to, size_t y, const uint8_t *row) noexcept nogil
        void *to

    void tp_resize_prepare(const tp_resize *resize, tp_operation *operation)


# By Pillow's name, or a member of its Image.Resampling.
cdef tp_filter filter_of(filter) except *


cdef class Axis:
    cdef tp_axis *axis


# How a picture is to be resized, whatever it is.
cdef class Scaling:
    cdef size_t width
    cdef size_t height
    cdef tp_filter filter
    cdef tuple box
    cdef str mode

    # What C is told, but for the target. The axes are to live as long.
    cdef tuple prepare(self, tp_resize *resize, Picture picture, str name)
