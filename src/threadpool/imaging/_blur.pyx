"""Kernels that blur."""

cimport cython

from threadpool._simd cimport features, tp_cpu_features
from threadpool.imaging._image_kernel cimport ImageKernel, Operation, refuse_rest, tp_operation
from threadpool.imaging._options cimport number
from threadpool.imaging._picture cimport Picture, target_for, tp_image

cdef extern from "imaging/blur.h" nogil:
    ctypedef struct tp_blur_variant:
        const char *name

    ctypedef struct tp_blur:
        const tp_blur_variant *variant
        tp_image before "in"
        tp_image out
        float x_radius
        float y_radius
        unsigned passes

    enum: TP_BLUR_RADII

    const tp_blur_variant *tp_blur_select(tp_cpu_features features)
    float tp_blur_box_radius(float sigma, unsigned passes)
    void tp_blur_prepare(const tp_blur *blur, tp_operation *operation)

cdef const tp_blur_variant *variant = tp_blur_select(features)

# Of boxes that make a Gaussian, as in Pillow.
cdef enum: GAUSSIAN_PASSES = 3


@cython.final
cdef class BlurOperation(Operation):
    cdef tp_blur blur


cdef class Blur(ImageKernel):
    """Boxes over an image, once or several times."""

    cdef unsigned passes
    cdef object default_radius    # or None: it must be given

    def __cinit__(self):
        self.passes = 1

    cdef object settings(self, dict options):
        radius = options.pop("radius", self.default_radius)
        refuse_rest(self, options)
        if radius is None:
            raise TypeError(f"{self.name} needs a radius")
        try:
            across, down = (radius, radius) if isinstance(radius, str) else radius
        except TypeError:
            across = down = radius
        except ValueError:
            raise ValueError(f"radius must be one number, or (horizontal, vertical), not {radius!r}") from None
        pair = number("radius", across), number("radius", down)
        if min(pair) < 0:
            raise ValueError(f"radius must not be negative: {radius!r}")
        return pair

    cdef Operation operation(self, Picture picture, settings, out, str name):
        cdef BlurOperation operation = BlurOperation()
        operation.source = picture
        operation.target = target_for(
            picture, picture.image.width, picture.image.height, picture.image.channels, out)
        operation.blur.variant = variant
        operation.blur.before = picture.image
        operation.blur.out = operation.target.image
        operation.blur.passes = self.passes
        operation.blur.x_radius, operation.blur.y_radius = settings
        if self.passes > 1:
            operation.blur.x_radius = tp_blur_box_radius(operation.blur.x_radius, self.passes)
            operation.blur.y_radius = tp_blur_box_radius(operation.blur.y_radius, self.passes)
        # Also of a radius whose square is infinite.
        if not (operation.blur.x_radius < TP_BLUR_RADII and operation.blur.y_radius < TP_BLUR_RADII):
            raise ValueError(f"radius must be less than {TP_BLUR_RADII}, not {max(settings):g}")
        tp_blur_prepare(&operation.blur, &operation.operation)
        return operation


@cython.final
cdef class BoxBlur(Blur):
    """``box_blur(image, radius)``: each pixel is the mean of a square around it, equal to Pillow's ``BoxBlur``.

    >>> import numpy
    >>> box_blur(numpy.array([[0, 0, 90, 0, 0]], numpy.uint8), 1).tolist()
    [[0, 30, 30, 30, 0]]

    ``radius``: pixels on each side, 0 or more, with fractions; one number or (horizontal, vertical). Beyond its edges the
    image goes on with its last pixels. ``image`` and ``out`` as for `resize`; channels are blurred each by itself.
    """

    def __cinit__(self):
        self.name = "box_blur"
        self.variant = variant.name.decode()

    def __call__(self, image, radius, out=None):
        return self.call(image, {"radius": radius, "out": out})


@cython.final
cdef class GaussianBlur(Blur):
    """``gaussian_blur(image, radius=2)``: an approximation of a Gaussian, equal to Pillow's ``GaussianBlur``.

    >>> import numpy
    >>> gaussian_blur(numpy.array([[0, 0, 90, 0, 0]], numpy.uint8), 1).tolist()
    [[5, 21, 37, 21, 5]]

    ``radius``: the standard deviation in pixels, 0 or more; one number or (horizontal, vertical). Three extended boxes
    (Gwosdek, Grewenig, Bruhn, Weickert: "Theoretical foundations of Gaussian convolution by extended box filtering", 2011),
    so that the time does not depend on the radius. ``image`` and ``out`` as for `box_blur`.
    """

    def __cinit__(self):
        self.name = "gaussian_blur"
        self.variant = variant.name.decode()
        self.passes = GAUSSIAN_PASSES
        self.default_radius = 2

    def __call__(self, image, radius=2, out=None):
        return self.call(image, {"radius": radius, "out": out})
