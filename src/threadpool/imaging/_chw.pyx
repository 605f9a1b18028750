"""The kernel that makes planes of floats for machine learning."""

cimport cython
from libc.math cimport isfinite
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint8_t

from threadpool._simd cimport features, tp_cpu_features
from threadpool.imaging._image_kernel cimport ImageKernel, Operation, refuse_rest, tp_operation
from threadpool.imaging._options cimport number
from threadpool.imaging._picture cimport Picture, target_array, tp_image
from threadpool.imaging._resize cimport Scaling, filter_of, tp_resize, tp_resize_prepare
from threadpool.pool._pin cimport release

cdef extern from "imaging/normalize.h" nogil:
    ctypedef struct tp_normalize_variant:
        const char *name

    ctypedef struct tp_normalize:
        const tp_normalize_variant *variant
        tp_image before "in"
        unsigned planes
        void *out
        ptrdiff_t plane_stride
        ptrdiff_t row_stride
        float *scale
        float *bias
        bint half

    const tp_normalize_variant *tp_normalize_select(tp_cpu_features features)
    void tp_normalize_emit(void *to, size_t y, const uint8_t *row)
    void tp_normalize_prepare(const tp_normalize *normalize, tp_operation *operation)

cdef const tp_normalize_variant *variant = tp_normalize_select(features)


@cython.final
cdef class Normalization:
    """The options of `to_chw`, checked."""

    cdef object scaling     # a Scaling, or None: the size stays
    cdef tuple mean         # one number, or one for each channel
    cdef tuple std
    cdef str dtype

    def __cinit__(self, size, mean, std, dtype, filter, box, mode):
        import numpy

        filter_of(filter)  # also where it is not used: a slip of the pen would not be noticed
        if size is not None:
            self.scaling = Scaling(size, filter, box, mode)
        elif box is not None or mode is not None:
            raise TypeError("box and mode need a size")
        self.mean = numbers("mean", mean)
        self.std = numbers("std", std)
        if 0 in self.std:
            raise ValueError(f"std must not be 0: {std!r}")
        try:
            self.dtype = numpy.dtype(dtype).name
        except TypeError:
            self.dtype = repr(dtype)
        if self.dtype not in ("float32", "float16"):
            raise ValueError(f"dtype must be float32 or float16, not {self.dtype}")


cdef tuple numbers(str name, values):
    try:
        values = tuple(values)
    except TypeError:
        values = (values,)
    return tuple([number(name, value) for value in values])


cdef float of_channel(str name, tuple values, unsigned channel, unsigned channels) except? -1:
    if len(values) not in (1, channels):
        raise ValueError(f"{name} must be one number, or one for each of {channels} channels, not {len(values)}")
    return values[0 if len(values) == 1 else channel]


@cython.final
cdef class ToChwOperation(Operation):
    cdef tp_resize resize
    cdef tp_normalize normalize
    cdef tuple axes
    cdef object planes
    cdef Py_buffer view    # of the planes

    def __dealloc__(self):
        release(&self.view)

    cdef object result(self):
        return self.planes


@cython.final
cdef class ToChw(ImageKernel):
    """``to_chw(image, size=None, mean=0, std=1)``: planes of floats, (channels, height, width), for machine learning.

    >>> import numpy
    >>> image = numpy.full((480, 640, 3), 255, numpy.uint8)
    >>> planes = to_chw(image, (224, 224), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), box=(80, 0, 560, 480))
    >>> planes.shape, planes.dtype, round(planes[0, 0, 0].item(), 3)
    ((3, 224, 224), dtype('float32'), 2.249)

    Crop, resize, normalise and transpose in one pass. ``size``, ``filter`` (bilinear if left out), ``box``, ``mode`` and
    ``image`` as for `resize`, with the same pixels; without a size the image keeps its own. Each byte then becomes
    (byte / 255 - mean) / std, worked out as byte * scale + bias in float32 with two roundings. ``mean``, ``std``: one number
    or one for each channel. ``dtype``: float32 or float16, which is rounded once more. ``out``: a C-contiguous array of that;
    in a run (images, channels, height, width), and so a batch.
    """

    def __cinit__(self):
        self.name = "to_chw"
        self.variant = variant.name.decode()

    def __call__(self, image, size=None, mean=0.0, std=1.0, dtype="float32", filter="bilinear", box=None, out=None, *,
                 mode=None):
        return self.call(image, {"size": size, "mean": mean, "std": std, "dtype": dtype, "filter": filter, "box": box,
                                 "out": out, "mode": mode})

    cdef object settings(self, dict options):
        normalization = Normalization(
            options.pop("size", None), options.pop("mean", 0.0), options.pop("std", 1.0), options.pop("dtype", "float32"),
            options.pop("filter", "bilinear"), options.pop("box", None), options.pop("mode", None))
        refuse_rest(self, options)
        return normalization

    cdef Operation operation(self, Picture picture, settings, out, str name):
        cdef ToChwOperation operation = ToChwOperation()
        cdef Normalization given = settings
        cdef Scaling scaling = given.scaling
        cdef tp_normalize *normalize = &operation.normalize
        cdef size_t width = picture.image.width, height = picture.image.height
        cdef unsigned channel, channels = picture.channels()
        cdef double mean, std
        if not width or not height:
            raise ValueError(f"{name} must have pixels, not {picture.size()}")
        operation.source = picture
        normalize.before = picture.image
        if scaling is not None:
            operation.axes = scaling.prepare(&operation.resize, picture, name)
            operation.resize.emit = tp_normalize_emit
            operation.resize.to = normalize
            width, height = scaling.width, scaling.height
            operation.resize.out.width = normalize.before.width = width
            operation.resize.out.height = normalize.before.height = height
            operation.resize.out.channels = picture.image.channels
        operation.planes = target_array(&operation.view, picture, out, (channels, height, width), given.dtype)
        normalize.variant = variant
        normalize.planes = channels
        normalize.out = operation.view.buf
        normalize.half = given.dtype == "float16"
        normalize.row_stride = width * operation.view.itemsize
        normalize.plane_stride = height * normalize.row_stride
        for channel in range(channels):
            mean = of_channel("mean", given.mean, channel, channels)
            std = of_channel("std", given.std, channel, channels)
            normalize.scale[channel] = 1 / (255 * std)
            normalize.bias[channel] = -mean / std
            if not (isfinite(normalize.scale[channel]) and isfinite(normalize.bias[channel])):
                raise ValueError(f"std must not be so near to 0: {std!r}, of channel {channel}")
        if scaling is None:
            tp_normalize_prepare(normalize, &operation.operation)
        else:
            tp_resize_prepare(&operation.resize, &operation.operation)
        return operation
