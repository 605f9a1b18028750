"""What the kernels take, and what they say of what they do not."""

import functools

import numpy
import pytest
from PIL import Image

import threadpool
from threadpool import imaging

WRONG_IMAGES = [
    (numpy.zeros((2, 2, 3)), TypeError, "image must be an array of uint8, not of float64"),
    (numpy.zeros((2, 2), numpy.int8), TypeError, "image must be an array of uint8, not of int8"),
    (numpy.zeros((2, 2), bool), TypeError, "image must be an array of uint8, not of bool"),
    (numpy.zeros(4, numpy.uint8), ValueError, r"image must have the shape \(height, width\) or .*, not \(4,\)"),
    (numpy.zeros((2, 2, 5), numpy.uint8), ValueError, r"not \(2, 2, 5\)"),
    (numpy.zeros((2, 2, 0), numpy.uint8), ValueError, r"not \(2, 2, 0\)"),
    (numpy.zeros((1, 2, 2, 3), numpy.uint8), ValueError, r"not \(1, 2, 2, 3\)"),
    (b"1234", ValueError, r"not \(4,\)"),
    ("image.png", TypeError, "image must be an array of uint8 or an image of Pillow, not 'str'"),
    (None, TypeError, "not 'NoneType'"),
    (Image.new("P", (2, 2)), ValueError, "image must have one of the modes L, LA, .*, not 'P': convert it first"),
    (Image.new("I;16", (2, 2)), ValueError, "not 'I;16'"),
]


@pytest.mark.parametrize(("image", "error", "message"), WRONG_IMAGES, ids=range(len(WRONG_IMAGES)))
def test_what_is_no_image(partial, image, error, message):
    with pytest.raises(error, match=message):
        partial(image)
    fine = numpy.zeros((2, 2), numpy.uint8)
    with pytest.raises(error, match=message.replace("image must", r"data\[1\] must")):
        threadpool.run(partial, [fine, image])
    assert len(threadpool.run(partial, [fine, fine])) == 2


@pytest.mark.parametrize(
    ("size", "error", "message"),
    [
        ((0, 5), ValueError, "the width in size must be from 1 to 2147483647, not 0"),
        ((5, -1), ValueError, "the height in size must be from 1 to 2147483647, not -1"),
        ((2**31, 5), ValueError, "the width in size"),
        ((2**80, 5), ValueError, "the width in size"),
        ((5.0, 5), TypeError, "the width in size must be an int, not 'float'"),
        (5, TypeError, r"size must be \(width, height\), not 5"),
        ((5, 5, 5), TypeError, r"size must be \(width, height\)"),
        ("ab", TypeError, "the width in size must be an int, not 'str'"),
    ],
)
def test_wrong_sizes(size, error, message, noise):
    for kernel in (imaging.resize, imaging.to_chw):
        with pytest.raises(error, match=message):
            kernel(noise(4, 4, 3), size)


@pytest.mark.parametrize(
    ("box", "error", "message"),
    [
        ((0, 0, 11, 10), ValueError, r"box must lie inside image, 10 x 10, and not be empty: \(0.0, 0.0, 11.0, 10.0\)"),
        ((-0.5, 0, 10, 10), ValueError, "box must lie inside"),
        ((0, 0, 10, 10.01), ValueError, "box must lie inside"),
        ((5, 0, 5, 10), ValueError, "box must lie inside"),
        ((0, 6, 10, 5), ValueError, "box must lie inside"),
        ((0, 0, float("nan"), 10), ValueError, "the right of box must be a finite number, not nan"),
        ((0, 0, 10, 10**400), ValueError, "the bottom of box"),
        ((0, 0, "1", 10), TypeError, "the right of box must be a number, not 'str'"),
        ((0, 0, 10), TypeError, r"box must be \(left, top, right, bottom\)"),
        (3, TypeError, "box must be"),
    ],
)
def test_wrong_boxes(box, error, message, noise):
    with pytest.raises(error, match=message):
        imaging.resize(noise(10, 10), (3, 3), box=box)


def test_wrong_filters_and_modes(noise):
    for filter in ("cubic", 3, True, None, []):
        with pytest.raises(ValueError, match=r"filter must be one of nearest, box, bilinear, .* not"):
            imaging.resize(noise(3, 3), (2, 2), filter)
        with pytest.raises(ValueError, match=r"filter must be one of nearest, box, bilinear, .* not"):
            imaging.to_chw(noise(3, 3), filter=filter)
    with pytest.raises(ValueError, match=r"mode must be one of L, LA, .*, not 'BGR'"):
        imaging.resize(noise(3, 3, 3), (2, 2), mode="BGR")
    with pytest.raises(
        ValueError, match=r"mode must be RGBA or RGBa or RGBX or CMYK for image, .* 4 channels, not 'RGB'"
    ):
        imaging.resize(noise(3, 3, 4), (2, 2), mode="RGB")
    with pytest.raises(TypeError, match=r"mode must be left out for an image of Pillow"):
        imaging.resize(Image.new("RGB", (3, 3)), (2, 2), mode="RGB")


@pytest.mark.parametrize("kernel", [imaging.box_blur, imaging.gaussian_blur], ids=lambda kernel: kernel.name)
def test_wrong_radii(kernel, noise):
    with pytest.raises(ValueError, match="radius must not be negative: -1"):
        kernel(noise(3, 3), -1)
    with pytest.raises(ValueError, match=r"radius must not be negative: \(1, -1\)"):
        kernel(noise(3, 3), (1, -1))
    with pytest.raises(ValueError, match="radius must be a finite number, not inf"):
        kernel(noise(3, 3), float("inf"))
    with pytest.raises(ValueError, match="radius must be less than 8388608, not 1e\\+30"):
        kernel(noise(3, 3), (1, 1e30))
    kernel(noise(3, 3), 8388607)
    with pytest.raises(TypeError, match="radius must be a number, not 'NoneType'"):
        kernel(noise(3, 3), (None, 1))
    with pytest.raises(TypeError, match="radius must be a number, not 'str'"):
        kernel(noise(3, 3), "12")
    with pytest.raises(ValueError, match="radius must be one number, or"):
        kernel(noise(3, 3), (1, 1, 1))


def test_options_that_are_missing_or_unknown(kernel, partial, noise):
    with pytest.raises(TypeError, match=f"{kernel.name} takes no option 'colour'"):
        threadpool.run(functools.partial(partial, colour=1), [noise(3, 3)])
    if kernel is imaging.resize:
        with pytest.raises(TypeError, match="resize needs the option size"):
            threadpool.run(kernel, [noise(3, 3)])


def test_images_without_pixels(kernel, partial):
    for shape in [(0, 4, 3), (4, 0, 3), (0, 0)]:
        empty = numpy.zeros(shape, numpy.uint8)
        if kernel in (imaging.resize, imaging.to_chw):
            with pytest.raises(ValueError, match=f"image must have pixels, not {shape[1]} x {shape[0]}"):
                partial(empty)
        elif kernel is imaging.histogram:
            assert not partial(empty).any()
        else:
            assert partial(empty).size == 0
    if kernel in (imaging.flip, imaging.rotate90, imaging.box_blur):
        assert partial(Image.new("RGB", (0, 4))).size in [(0, 4), (4, 0)]


def test_bytes_that_do_not_lie_in_order_are_copied(partial, noise):
    array = noise(20, 31, 3)
    for given in (array[:, ::2], array[:, :, ::-1], array.transpose(1, 0, 2), array[::-1, ::-1], array[:, :, 1]):
        numpy.testing.assert_array_equal(partial(given), partial(numpy.ascontiguousarray(given)))


def test_arrays_that_are_read_only_and_other_buffers(partial, noise):
    array = noise(6, 5)
    expected = partial(array)
    array.flags.writeable = False
    numpy.testing.assert_array_equal(partial(array), expected)
    numpy.testing.assert_array_equal(partial(memoryview(array.tobytes()).cast("B", (6, 5))), expected)


def test_out(kernel, partial, noise):
    array = noise(14, 15, 3)
    expected = partial(array)
    out = numpy.zeros_like(expected)
    assert partial(array, out=out) is out
    numpy.testing.assert_array_equal(out, expected)
    several = numpy.zeros((3, *expected.shape), expected.dtype)
    results = threadpool.run(functools.partial(partial, out=several), [array] * 3)
    assert all(numpy.shares_memory(result, several) for result in results)
    numpy.testing.assert_array_equal(several, [expected] * 3)
    with pytest.raises(ValueError, match="out must have one element for each of 2 images, not 3"):
        threadpool.run(functools.partial(partial, out=several), [array] * 2)
    with pytest.raises(TypeError, match="out must be a list of arrays, or one with an axis more, not 'int'"):
        threadpool.run(functools.partial(partial, out=5), [array] * 2)
    with pytest.raises((TypeError, ValueError), match="out must "):
        partial(array, out=numpy.zeros((*expected.shape[:-1], 9), expected.dtype))
    with pytest.raises(TypeError, match="out must be an array of"):
        partial(array, out=numpy.zeros(expected.shape, numpy.int16))
    out.flags.writeable = False
    with pytest.raises(ValueError, match="out must be writable"):
        partial(array, out=out)
    with pytest.raises(TypeError, match=r"out must be an array of .*, not 'Image'"):
        partial(array, out=Image.new("RGB", (3, 3)))
    if kernel not in (imaging.histogram, imaging.to_chw):
        with pytest.raises(TypeError, match="out must be left out for an image of Pillow"):
            partial(Image.new("RGB", (3, 3)), out=out)


def test_an_out_that_overlaps_the_image(noise):
    memory = noise(20, 40, 3)
    left, right = memory[:, :20], memory[:, 20:]
    expected = imaging.flip(left)
    assert imaging.flip(left, out=right) is right  # the same rows, side by side
    numpy.testing.assert_array_equal(right, expected)
    for image, out in [(left, left), (left, memory[:, 1:21]), (memory[:10], memory[5:15]), (left, left[::-1])]:
        before = memory.copy()
        with pytest.raises(ValueError, match="out must not overlap the image"):
            imaging.flip(image, out=out)
        numpy.testing.assert_array_equal(memory, before)


def test_an_out_of_another_type_that_overlaps_the_image():
    memory = numpy.zeros(4 * 256 * 4, numpy.float32)
    image = memory.view(numpy.uint8)[:3000].reshape(10, 100, 3)
    for out, kernel in (
        (memory[:3000].reshape(3, 10, 100), imaging.to_chw),
        (memory.view(numpy.int64)[:768].reshape(3, 256), imaging.histogram),
    ):
        with pytest.raises(ValueError, match="out must not overlap the image"):
            kernel(image, out=out)


def test_rows_of_out_may_have_any_stride(noise):
    array = noise(10, 12, 3)
    memory = numpy.zeros((40, 30, 3), numpy.uint8)
    out = memory[30:10:-2, 4:16]
    assert imaging.flip(array, out=out) is out
    numpy.testing.assert_array_equal(out, array[:, ::-1])
    out[:] = 0
    assert not memory.any()
    overlapping = numpy.lib.stride_tricks.as_strided(memory, (10, 12, 3), (8, 3, 1))
    with pytest.raises(ValueError, match="out must have rows that do not overlap one another"):
        imaging.flip(array, out=overlapping)
    with pytest.raises(ValueError, match="out must have the bytes of each row one behind the other"):
        imaging.flip(array, out=memory[:10, :24:2])


def test_a_result_too_large_for_memory(noise):
    with pytest.raises(MemoryError):
        imaging.resize(noise(2, 2, 4), (2**31 - 1, 2**31 - 1))


def test_what_the_kernel_says_of_itself(kernel):
    import pickle

    assert repr(kernel) == f"<kernel threadpool.imaging.{kernel.name}>"
    assert getattr(imaging, kernel.name) is kernel
    assert pickle.loads(pickle.dumps(kernel)) is kernel
