"""Images as they are given and as they are returned: NumPy arrays or other buffers, and images of Pillow."""

import sys

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_SIMPLE, PyBUF_STRIDED_RO, PyBUF_WRITABLE, PyObject_CheckBuffer
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t, uintptr_t

from threadpool.pool._pin cimport acquire, release

cdef extern from "_arrow.h" nogil:
    struct ArrowArray:
        int64_t length
        int64_t offset
        int64_t n_buffers
        int64_t n_children
        const void **buffers
        ArrowArray **children

# The modes of Pillow that are bytes for each pixel, with the number of them: those that Pillow has in memory, which are four
# where it is more than one, and those of an array.
cdef dict MODES = {"L": 1, "LA": 2, "La": 2, "RGB": 3, "RGBX": 4, "RGBA": 4, "RGBa": 4, "CMYK": 4}
cdef tuple MODE_OF_CHANNELS = (None, "L", "LA", "RGB", "RGBA")


cdef class Picture:
    """An image, pinned."""

    def __dealloc__(self):
        release(&self.view)

    cdef str size(self):
        """For messages."""
        return f"{self.image.width} x {self.image.height}"

    cdef unsigned channels(self):
        """Those that mean something: of an RGB image of Pillow, which has four bytes for each pixel, three."""
        return 3 if self.mode == "RGB" else self.image.channels


cdef Picture picture_of(source, str name):
    cdef Picture picture = Picture()
    # Pillow is not imported for this: who has an image of its has it.
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(source, getattr(pillow, "Image", ())):
        take_pillow(picture, source, name)
    else:
        take_array(picture, source, name)
    return picture


cdef int take_pillow(Picture picture, source, str name) except -1:
    import numpy

    source.load()  # which may change the mode and the size
    picture.pillow = source
    picture.mode = source.mode
    if picture.mode not in MODES:
        raise ValueError(f"{name} must have one of the modes {', '.join(MODES)}, not {picture.mode!r}: convert it first")
    cdef size_t width, height
    width, height = source.size
    if not width or not height:
        picture.image.width = width
        picture.image.height = height
        picture.image.channels = MODES[picture.mode]
    elif picture.mode in ("LA", "La") or not take_memory(picture, source, width, height):
        take_array(picture, numpy.asarray(source), name)
    return 0


cdef bint take_memory(Picture picture, source, size_t width, size_t height) except -1:
    """Whether the image's own memory can be used, as it can if it is in one piece: then it need not be copied."""
    cdef ArrowArray *arrow
    cdef ArrowArray *bytes_of
    cdef int64_t pixels = <int64_t>(width * height)
    # Pillow before 13 crashes where the memory is somebody else's, as in an image made of an array, and says nothing of
    # gaps between rows.
    if source.readonly or sys.modules["PIL.Image"].core.get_alignment() > 1:
        return False
    try:
        _, picture.array = source.__arrow_c_array__()
    except (AttributeError, ValueError):  # Pillow before 11.3; an image in several pieces
        return False
    arrow = <ArrowArray *>PyCapsule_GetPointer(picture.array, "arrow_array")
    picture.image.channels = 1 if picture.mode == "L" else 4
    bytes_of = arrow if arrow.n_children == 0 else arrow.children[0]
    if (arrow.n_children != (picture.image.channels > 1) or arrow.length != pixels or arrow.offset or bytes_of.offset
            or bytes_of.n_buffers != 2 or bytes_of.length != pixels * picture.image.channels):
        return False
    picture.image.pixels = <uint8_t *>bytes_of.buffers[1]
    picture.image.width = width
    picture.image.height = height
    picture.image.stride = picture.image.width * picture.image.channels
    return True


cdef int take_array(Picture picture, source, str name) except -1:
    pin_array(picture, source, name)
    if not has_whole_pixels(&picture.view):
        import numpy

        release(&picture.view)
        pin_array(picture, numpy.ascontiguousarray(source), name)
    set_image(picture)
    return 0


cdef int pin_array(Picture picture, source, str name) except -1:
    """Pins what is an image, however its bytes lie."""
    cdef Py_buffer *view = &picture.view
    if not PyObject_CheckBuffer(source):
        raise TypeError(f"{name} must be an array of uint8 or an image of Pillow, not {type(source).__name__!r}")
    acquire(source, view, PyBUF_STRIDED_RO | PyBUF_FORMAT)
    picture.array = source
    if view.itemsize != 1 or (view.format is not NULL and view.format not in (b"B", b"<B", b">B", b"=B", b"@B")):
        raise TypeError(f"{name} must be an array of uint8, not of {type_of(source, view)}")
    if view.ndim != 2 and not (view.ndim == 3 and 1 <= view.shape[2] <= TP_MOST_CHANNELS):
        raise ValueError(f"{name} must have the shape (height, width) or (height, width, 1 to {TP_MOST_CHANNELS} channels), "
                         f"not {tuple(view.shape[i] for i in range(view.ndim))}")
    if <size_t>max(view.shape[0], view.shape[1]) > TP_MOST_PIXELS:
        raise ValueError(f"{name} must have sides of at most {TP_MOST_PIXELS} pixels, not {view.shape[1]} x {view.shape[0]}")
    return 0


cdef str type_of(source, Py_buffer *view):
    dtype = getattr(source, "dtype", None)
    return view.format.decode() if dtype is None else str(dtype)


cdef bint has_whole_pixels(Py_buffer *view) noexcept:
    """Whether the bytes of a row lie one behind the other."""
    cdef Py_ssize_t channels = view.shape[2] if view.ndim == 3 else 1
    if view.strides is NULL or view.len == 0:
        return True
    if channels > 1 and view.strides[2] != 1:
        return False
    return view.shape[1] == 1 or view.strides[1] == channels


cdef int set_image(Picture picture) except -1:
    cdef Py_buffer *view = &picture.view
    picture.is_flat = view.ndim == 2
    picture.image.pixels = <uint8_t *>view.buf
    picture.image.height = view.shape[0]
    picture.image.width = view.shape[1]
    picture.image.channels = 1 if picture.is_flat else view.shape[2]
    picture.image.stride = picture.image.width * picture.image.channels if view.strides is NULL else view.strides[0]
    if picture.mode is None:
        picture.mode = MODE_OF_CHANNELS[picture.image.channels]
    return 0


cdef Picture target_for(Picture source, size_t width, size_t height, unsigned channels, out):
    cdef Picture result = Picture()
    if out is not None and source.pillow is not None:
        raise TypeError("out must be left out for an image of Pillow")
    cdef tuple shape = (height, width, channels)
    if source.is_flat or not channels:
        shape = shape[:2]
        channels = 1
    if width * channels > <size_t>sys.maxsize // max(height, <size_t>1):
        raise MemoryError(f"a result of {width} x {height} pixels")
    if out is None:
        import numpy

        pin_array(result, numpy.empty(shape, numpy.uint8), "out")
        set_image(result)
    else:
        if not PyObject_CheckBuffer(out):
            raise TypeError(f"out must be an array of uint8, not {type(out).__name__!r}")
        pin_array(result, out, "out")
        if result.view.readonly:
            raise ValueError("out must be writable")
        if tuple(result.view.shape[i] for i in range(result.view.ndim)) != shape:
            raise ValueError(f"out must have the shape {shape}, not "
                             f"{tuple(result.view.shape[i] for i in range(result.view.ndim))}")
        if not has_whole_pixels(&result.view):
            raise ValueError("out must have the bytes of each row one behind the other")
        set_image(result)
        if result.image.height > 1 and <size_t>abs(result.image.stride) < width * channels:
            raise ValueError("out must have rows that do not overlap one another")
        refuse_overlap(source, &result.image)
    return result


cdef object target_array(Py_buffer *view, Picture source, out, tuple shape, str dtype):
    cdef tp_image memory
    import numpy

    if out is None:
        out = numpy.empty(shape, dtype)
    elif not isinstance(out, numpy.ndarray) or out.dtype != dtype:
        given = out.dtype if isinstance(out, numpy.ndarray) else repr(type(out).__name__)
        raise TypeError(f"out must be an array of {dtype}, not {given}")
    elif not out.flags.writeable:
        raise ValueError("out must be writable")
    elif out.shape != shape or not out.flags.carray:
        raise ValueError(f"out must be a C-contiguous array of shape {shape}, not of {out.shape}")
    acquire(out, view, PyBUF_SIMPLE | PyBUF_WRITABLE)
    memory = tp_image(<uint8_t *>view.buf, 0, view.len, 1, 1)
    refuse_overlap(source, &memory)
    return out


cdef int refuse_overlap(Picture source, const tp_image *out) except -1:
    if not are_apart(&source.image, out):
        raise ValueError("out must not overlap the image")
    return 0


cdef bint are_apart(const tp_image *a, const tp_image *b) noexcept:
    """Whether they have no byte in common."""
    cdef size_t a_bytes = a.width * a.channels, b_bytes = b.width * b.channels, between
    cdef uintptr_t a_low, a_high, b_low, b_high
    if not a_bytes or not b_bytes or not a.height or not b.height:
        return True
    a_low, a_high = ends(a)
    b_low, b_high = ends(b)
    if a_high <= b_low or b_high <= a_low:
        return True
    if a.stride == 0 or (a.stride != b.stride and a.stride != -b.stride):
        return False
    # The same distance between rows: parts of one image, side by side.
    cdef size_t stride = a.stride if a.stride > 0 else -a.stride
    if a_bytes > stride or b_bytes > stride:
        return False
    between = (b_low - a_low) % stride if b_low >= a_low else (stride - (a_low - b_low) % stride) % stride
    return between >= a_bytes and between + b_bytes <= stride


cdef inline (uintptr_t, uintptr_t) ends(const tp_image *image) noexcept:
    """The address of the lowest byte, and that behind the highest."""
    cdef uintptr_t first = <uintptr_t>image.pixels
    cdef uintptr_t last = first + <uintptr_t>(<ptrdiff_t>(image.height - 1) * image.stride)
    return min(first, last), max(first, last) + image.width * image.channels


cdef object returned(Picture source, Picture result, str mode):
    if source.pillow is None:
        return result.array
    from PIL import Image

    size = (result.image.width, result.image.height)
    if 0 in size:
        return Image.new(mode, size)
    # Three channels may be four bytes for each pixel, as in Pillow's memory. Copied, so that it is an image like others: one
    # around memory that is not its own cannot be written to, nor exported by Pillow before 13.
    raw = "RGBX" if mode == "RGB" and result.image.channels == 4 else mode
    image = Image.frombytes(mode, size, result.array, "raw", raw)
    image.info = source.pillow.info.copy()
    if mode != source.mode:
        image.info.pop("transparency", None)  # of another mode
    return image
