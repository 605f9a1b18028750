# An image that somebody gave, and the memory that it lies in.

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint8_t

cdef extern from "imaging/image.h" nogil:
    enum: TP_MOST_CHANNELS

    const size_t TP_MOST_PIXELS

    ctypedef struct tp_image:
        uint8_t *pixels
        ptrdiff_t stride
        size_t width
        size_t height
        unsigned channels


cdef class Picture:
    cdef tp_image image
    cdef readonly object pillow     # the Pillow image, or None: an array
    cdef readonly object array      # what has the memory
    cdef readonly str mode          # Pillow's name for what the channels mean
    cdef bint is_flat               # an array of two dimensions, with no axis for channels
    cdef Py_buffer view             # pinned, if it is an array

    cdef str size(self)
    cdef unsigned channels(self)


cdef Picture picture_of(source, str name)

# What a kernel writes to: new, or `out`, checked, and apart from the picture. An image of that many pixels, with an axis of
# channels where the picture has one, and there are not to be 0; or an array, C-contiguous, whose memory is pinned.
cdef Picture target_for(Picture source, size_t width, size_t height, unsigned channels, out)
cdef object target_array(Py_buffer *view, Picture source, out, tuple shape, str dtype)

# The result as the caller is given it: an array, or, for an image of Pillow, one of that mode.
cdef object returned(Picture source, Picture result, str mode)
