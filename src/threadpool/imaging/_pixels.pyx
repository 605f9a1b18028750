"""Kernels that move pixels, or look at each by itself."""

import operator

cimport cython

from threadpool._simd cimport features, tp_cpu_features
from threadpool.imaging._image_kernel cimport ImageKernel, Operation, refuse_rest, tp_operation
from threadpool.imaging._picture cimport Picture, returned, target_for, tp_image

cdef extern from "imaging/gray.h" nogil:
    ctypedef struct tp_gray_variant:
        const char *name

    ctypedef struct tp_gray:
        const tp_gray_variant *variant
        tp_image before "in"
        tp_image out

    const tp_gray_variant *tp_gray_select(tp_cpu_features features)
    void tp_gray_prepare(const tp_gray *gray, tp_operation *operation)

cdef extern from "imaging/flip.h" nogil:
    ctypedef struct tp_flip_variant:
        const char *name

    ctypedef struct tp_flip:
        const tp_flip_variant *variant
        tp_image before "in"
        tp_image out
        bint across

    const tp_flip_variant *tp_flip_select(tp_cpu_features features)
    void tp_flip_prepare(const tp_flip *flip, tp_operation *operation)

cdef extern from "imaging/turn.h" nogil:
    ctypedef struct tp_turn_variant:
        const char *name

    ctypedef struct tp_turn:
        const tp_turn_variant *variant
        tp_image before "in"
        tp_image out
        unsigned quarters

    const tp_turn_variant *tp_turn_select(tp_cpu_features features)
    void tp_turn_prepare(const tp_turn *turn, tp_operation *operation)

cdef const tp_gray_variant *gray_variant = tp_gray_select(features)
cdef const tp_flip_variant *flip_variant = tp_flip_select(features)
cdef const tp_turn_variant *turn_variant = tp_turn_select(features)

cdef tuple WITH_LUMA = ("L", "LA", "RGB", "RGBA", "RGBX")
cdef dict DIRECTIONS = {"left_right": True, "top_bottom": False}


@cython.final
cdef class GrayOperation(Operation):
    cdef tp_gray gray

    cdef object result(self):
        return returned(self.source, self.target, "L")


@cython.final
cdef class Gray(ImageKernel):
    """``gray(image)``: the luma of a colour image (ITU-R BT.601), (height, width), equal to Pillow's ``convert("L")``.

    >>> import numpy
    >>> gray(numpy.array([[[255, 0, 0], [0, 255, 0]]], numpy.uint8)).tolist()
    [[76, 150]]

    ``image`` and ``out`` as for `resize`: three channels are red, green and blue, a fourth is left out; of two the first is
    taken. An image of Pillow must be L, LA, RGB, RGBA or RGBX.
    """

    def __cinit__(self):
        self.name = "gray"
        self.variant = gray_variant.name.decode()

    def __call__(self, image, out=None):
        return self.call(image, {"out": out})

    cdef object settings(self, dict options):
        refuse_rest(self, options)

    cdef Operation operation(self, Picture picture, settings, out, str name):
        cdef GrayOperation operation = GrayOperation()
        if picture.mode not in WITH_LUMA:
            raise ValueError(f"{name} must have one of the modes {', '.join(WITH_LUMA)}, not {picture.mode!r}")
        operation.source = picture
        operation.target = target_for(picture, picture.image.width, picture.image.height, 0, out)
        operation.gray.variant = gray_variant
        operation.gray.before = picture.image
        operation.gray.out = operation.target.image
        tp_gray_prepare(&operation.gray, &operation.operation)
        return operation


@cython.final
cdef class FlipOperation(Operation):
    cdef tp_flip flip


@cython.final
cdef class Flip(ImageKernel):
    """``flip(image, direction="left_right")``: the mirror image, or with "top_bottom" the image upside down.

    >>> import numpy
    >>> flip(numpy.array([[1, 2, 3]], numpy.uint8)).tolist()
    [[3, 2, 1]]

    Equal to Pillow's ``transpose`` with FLIP_LEFT_RIGHT and FLIP_TOP_BOTTOM. ``image`` and ``out`` as for `resize`.
    """

    def __cinit__(self):
        self.name = "flip"
        self.variant = flip_variant.name.decode()

    def __call__(self, image, direction="left_right", out=None):
        return self.call(image, {"direction": direction, "out": out})

    cdef object settings(self, dict options):
        direction = options.pop("direction", "left_right")
        refuse_rest(self, options)
        if not isinstance(direction, str) or direction not in DIRECTIONS:
            raise ValueError(f"direction must be {' or '.join(map(repr, DIRECTIONS))}, not {direction!r}")
        return DIRECTIONS[direction]

    cdef Operation operation(self, Picture picture, settings, out, str name):
        cdef FlipOperation operation = FlipOperation()
        operation.source = picture
        operation.target = target_for(
            picture, picture.image.width, picture.image.height, picture.image.channels, out)
        operation.flip.variant = flip_variant
        operation.flip.before = picture.image
        operation.flip.out = operation.target.image
        operation.flip.across = settings
        tp_flip_prepare(&operation.flip, &operation.operation)
        return operation


@cython.final
cdef class TurnOperation(Operation):
    cdef tp_turn turn


@cython.final
cdef class Rotate90(ImageKernel):
    """``rotate90(image, k=1)``: the image turned by ``k`` times 90 degrees, counter-clockwise.

    >>> import numpy
    >>> rotate90(numpy.array([[1, 2, 3]], numpy.uint8)).tolist()
    [[3], [2], [1]]

    Equal to ``numpy.rot90`` and to Pillow's ``transpose`` with ROTATE_90, ROTATE_180 and ROTATE_270. ``k`` is any int.
    ``image`` and ``out`` as for `resize`.
    """

    def __cinit__(self):
        self.name = "rotate90"
        self.variant = turn_variant.name.decode()

    def __call__(self, image, k=1, out=None):
        return self.call(image, {"k": k, "out": out})

    cdef object settings(self, dict options):
        k = options.pop("k", 1)
        refuse_rest(self, options)
        try:
            return operator.index(k) % 4
        except TypeError:
            raise TypeError(f"k must be an int, not {type(k).__name__!r}") from None

    cdef Operation operation(self, Picture picture, settings, out, str name):
        cdef TurnOperation operation = TurnOperation()
        cdef size_t width = picture.image.width, height = picture.image.height
        operation.source = picture
        operation.turn.quarters = settings
        if operation.turn.quarters % 2:
            width, height = height, width
        operation.target = target_for(picture, width, height, picture.image.channels, out)
        operation.turn.variant = turn_variant
        operation.turn.before = picture.image
        operation.turn.out = operation.target.image
        tp_turn_prepare(&operation.turn, &operation.operation)
        return operation
