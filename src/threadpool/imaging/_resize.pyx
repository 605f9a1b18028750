"""The kernel that resizes."""

import enum
import functools

cimport cython

from threadpool._simd cimport features, tp_cpu_features
from threadpool.imaging._image_kernel cimport ImageKernel, refuse_rest
from threadpool.imaging._options cimport number, size_of
from threadpool.imaging._picture cimport target_for

cdef extern from "imaging/resize.h" nogil:
    const tp_resize_variant *tp_resize_select(tp_cpu_features features)
    const char *tp_resize_name(const tp_resize_variant *variant)

cdef const tp_resize_variant *variant = tp_resize_select(features)

# By Pillow's names, and by the numbers of its Image.Resampling.
cdef dict FILTERS = {
    "nearest": TP_NEAREST, "box": TP_BOX, "bilinear": TP_BILINEAR,
    "hamming": TP_HAMMING, "bicubic": TP_BICUBIC, "lanczos": TP_LANCZOS,
}
cdef tuple FILTER_OF_NUMBER = (TP_NEAREST, TP_LANCZOS, TP_BILINEAR, TP_BICUBIC, TP_BOX, TP_HAMMING)

# What an array of so many channels can be; without a mode, the first.
cdef tuple MODES_OF_CHANNELS = ((), ("L",), ("LA", "La"), ("RGB",), ("RGBA", "RGBa", "RGBX", "CMYK"))

# Outputs times weights, above which an axis is not kept for the next call: it would take more than about a megabyte.
cdef enum: MOST_KEPT_WEIGHTS = 50_000


@cython.final
cdef class Axis:
    """The weights of one direction."""

    def __dealloc__(self):
        tp_axis_free(self.axis)


def make_axis(size_t before, float begin, float end, size_t after, tp_filter filter, unsigned channels):
    """Across images of so many channels, or down, of none."""
    cdef Axis axis = Axis()
    with nogil:
        axis.axis = tp_axis_new(before, begin, end, after, filter, variant if channels else NULL, channels)
    if axis.axis is NULL:
        raise MemoryError
    return axis


kept_axis = functools.lru_cache(maxsize=32)(make_axis)


cdef Axis axis_for(size_t before, float begin, float end, size_t after, tp_filter filter, unsigned channels):
    cdef double weights = max(7 * <double>after, 6 * <double>(end - begin))
    return (kept_axis if weights <= MOST_KEPT_WEIGHTS else make_axis)(before, begin, end, after, filter, channels)


@cython.final
cdef class Scaling:
    """The options of `resize`, checked."""

    def __cinit__(self, size, filter, box, mode):
        self.width, self.height = size_of(size)
        self.filter = filter_of(filter)
        if box is not None:
            try:
                left, top, right, bottom = box
            except (TypeError, ValueError):
                raise TypeError(f"box must be (left, top, right, bottom), not {box!r}") from None
            self.box = (number("the left of box", left), number("the top of box", top),
                        number("the right of box", right), number("the bottom of box", bottom))
        if mode is not None and not any(mode in modes for modes in MODES_OF_CHANNELS):
            raise ValueError(f"mode must be one of {', '.join(name for names in MODES_OF_CHANNELS for name in names)}, "
                             f"not {mode!r}")
        self.mode = mode

    cdef tuple prepare(self, tp_resize *resize, Picture picture, str name):
        cdef size_t width = picture.image.width, height = picture.image.height
        cdef float left = 0, top = 0, right = width, bottom = height
        if not width or not height:
            raise ValueError(f"{name} must have pixels, not {picture.size()}")
        if self.box is not None:
            left, top, right, bottom = self.box
            if not (0 <= left < right <= width and 0 <= top < bottom <= height):
                raise ValueError(f"box must lie inside {name}, {picture.size()}, and not be empty: {self.box}")
        if self.mode is not None and picture.pillow is not None:
            raise TypeError("mode must be left out for an image of Pillow, which has one")
        if self.mode is not None and self.mode not in MODES_OF_CHANNELS[picture.image.channels]:
            raise ValueError(f"mode must be {' or '.join(MODES_OF_CHANNELS[picture.image.channels])} for {name}, which has "
                             f"{picture.image.channels} channels, not {self.mode!r}")
        mode = picture.mode if self.mode is None else self.mode
        cdef Axis across = axis_for(width, left, right, self.width, self.filter, picture.image.channels)
        cdef Axis down = axis_for(height, top, bottom, self.height, self.filter, 0)
        resize.variant = variant
        resize.before = picture.image
        resize.across = across.axis
        resize.down = down.axis
        resize.emit = NULL
        resize.to = NULL
        resize.alpha = (
            mode in ("LA", "RGBA") and self.filter != TP_NEAREST
            and not (left == 0 and top == 0 and right == width == self.width and bottom == height == self.height))
        return across, down


cdef tp_filter filter_of(filter) except *:
    if isinstance(filter, str) and filter in FILTERS:
        return FILTERS[filter]
    # Not any int: those of OpenCV mean something else.
    if isinstance(filter, enum.IntEnum) and 0 <= filter < len(FILTER_OF_NUMBER):
        return FILTER_OF_NUMBER[filter]
    raise ValueError(f"filter must be one of {', '.join(FILTERS)}, not {filter!r}")


@cython.final
cdef class ResizeOperation(Operation):
    cdef tp_resize resize
    cdef tuple axes


@cython.final
cdef class Resize(ImageKernel):
    """``resize(image, size, filter="lanczos", box=None)``: an image of another size, equal to Pillow 13's bit for bit.

    >>> import numpy
    >>> resize(numpy.zeros((1600, 2560, 3), numpy.uint8), (320, 200)).shape
    (200, 320, 3)

    ``image``: uint8, (height, width) or (height, width, channels); rows may have any stride, and what else does not lie in
    order is copied first; or an image of Pillow, loaded, of mode L, LA, La, RGB, RGBX, RGBA, RGBa or CMYK, and then the
    result is one. ``size``: (width, height) in pixels. ``filter``: nearest, box, bilinear, hamming, bicubic, lanczos, or a
    member of Pillow's Image.Resampling; each widens with the reduction, so nothing is left out of the result but with
    nearest. ``box``: (left, top, right, bottom), what part of the image to resize, in pixels and fractions of them. ``mode``:
    what the channels of an array mean, by Pillow's names: two are LA, four RGBA unless it says La, RGBa, RGBX or CMYK;
    colours are weighted with alpha in LA and RGBA.

    ``out``: an array to write to, and to return, that does not overlap the image; in a run a list of them, or one with an
    axis more, which overlap no image of the run nor one another (with ``errors`` and in streams there is none: give it to
    the kernel in a function of your own).

    A kernel: ``run(partial(resize, size=(320, 200)), images)`` gives each image to one thread, without the interpreter; one
    large image alone is shared by all of them. Safe to call from any thread; if another thread changes the image meanwhile,
    the result is some mixture. TypeError, ValueError: an argument, by its name, before anything is done; MemoryError.
    """

    def __cinit__(self):
        self.name = "resize"
        self.variant = tp_resize_name(variant).decode()

    def __call__(self, image, size, filter="lanczos", box=None, out=None, *, mode=None):
        return self.call(image, {"size": size, "filter": filter, "box": box, "out": out, "mode": mode})

    cdef object settings(self, dict options):
        if "size" not in options:
            raise TypeError("resize needs the option size: partial(resize, size=(width, height))")
        scaling = Scaling(options.pop("size"), options.pop("filter", "lanczos"), options.pop("box", None),
                          options.pop("mode", None))
        refuse_rest(self, options)
        return scaling

    cdef Operation operation(self, Picture picture, settings, out, str name):
        cdef Scaling scaling = settings
        cdef ResizeOperation operation = ResizeOperation()
        operation.source = picture
        # First the memory, for what there is none for: weights take longer.
        operation.target = target_for(picture, scaling.width, scaling.height, picture.image.channels, out)
        operation.axes = scaling.prepare(&operation.resize, picture, name)
        operation.resize.out = operation.target.image
        tp_resize_prepare(&operation.resize, &operation.operation)
        return operation
