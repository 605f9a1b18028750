"""What holds for every image, whatever Pillow says."""

import numpy
import pytest

from threadpool import imaging

FILTERS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("value", [0, 1, 127, 254, 255])
def test_a_constant_image_stays_constant(filter, value):
    array = numpy.full((37, 53, 3), value, numpy.uint8)
    for size in [(1, 1), (7, 11), (53, 37), (200, 150)]:
        assert (imaging.resize(array, size, filter) == value).all()
    for radius in (0.3, 2, 100):
        assert (imaging.gaussian_blur(array, radius) == value).all()
        assert (imaging.box_blur(array, radius) == value).all()
    assert (imaging.gray(array) == value).all()
    assert imaging.gray(array[:, :, :1]).shape == (37, 53)


@pytest.mark.parametrize("filter", FILTERS)
def test_a_symmetrical_image_stays_so(filter, noise):
    half = noise(16, 20, 3)
    array = numpy.concatenate([half, half[:, ::-1]], axis=1)
    for size in [(10, 16), (20, 8), (80, 32)]:
        if filter != "nearest":
            result = imaging.resize(array, size, filter)
            numpy.testing.assert_array_equal(result, result[:, ::-1])
    result = imaging.gaussian_blur(array, 3)
    numpy.testing.assert_array_equal(result, result[:, ::-1])


def test_an_impulse_spreads_alike_in_all_directions():
    array = numpy.zeros((31, 31), numpy.uint8)
    array[15, 15] = 255
    for result in (imaging.gaussian_blur(array, 2.7), imaging.box_blur(array, 2.7), imaging.resize(array, (62, 62))):
        numpy.testing.assert_array_equal(result, result[::-1])
        numpy.testing.assert_array_equal(result, result[:, ::-1])
        numpy.testing.assert_allclose(result.astype(int), result.T, atol=1)  # rounded in one direction first
        assert result.any()


def test_there_and_back(noise):
    array = noise(33, 65, 3)
    for direction in ("left_right", "top_bottom"):
        numpy.testing.assert_array_equal(imaging.flip(imaging.flip(array, direction), direction), array)
    numpy.testing.assert_array_equal(imaging.flip(array), array[:, ::-1])
    numpy.testing.assert_array_equal(imaging.flip(array, "top_bottom"), array[::-1])
    for k in range(-5, 6):
        numpy.testing.assert_array_equal(imaging.rotate90(array, k), numpy.rot90(array, k))
        numpy.testing.assert_array_equal(imaging.rotate90(imaging.rotate90(array, k), -k), array)


def test_a_size_that_stays_is_a_copy(noise):
    for channels in (1, 2, 3, 4):
        array = noise(9, 8, channels)
        for filter in FILTERS:
            result = imaging.resize(array, (8, 9), filter)
            numpy.testing.assert_array_equal(result, array)
            assert not numpy.shares_memory(result, array)


def test_a_histogram_counts_every_pixel(noise):
    array = noise(50, 60, 4)
    counts = imaging.histogram(array)
    assert counts.shape == (4, 256)
    assert counts.dtype == numpy.int64
    assert counts.sum(axis=1).tolist() == [3000] * 4
    for channel in range(4):
        expected = numpy.bincount(array[:, :, channel].ravel(), minlength=256)
        numpy.testing.assert_array_equal(counts[channel], expected)
    assert imaging.histogram(array[:, :, 0]).shape == (256,)


def test_planes_of_floats(noise):
    """The definition, worked out by NumPy in two roundings, after Pillow's resize."""
    array = noise(50, 60, 3)
    mean, std = numpy.array((0.485, 0.456, 0.406)), numpy.array((0.229, 0.224, 0.225))
    scale, bias = (
        (1 / (255 * numpy.float32(std).astype(float))),
        -numpy.float32(mean).astype(float) / numpy.float32(std),
    )
    for size, pixels in ((None, array), ((31, 22), imaging.resize(array, (31, 22), "bilinear"))):
        expected = pixels.astype(numpy.float32) * scale.astype(numpy.float32) + bias.astype(numpy.float32)
        for dtype in ("float32", "float16"):
            planes = imaging.to_chw(array, size, mean, std, dtype)
            assert planes.dtype == dtype
            numpy.testing.assert_array_equal(planes, expected.astype(dtype).transpose(2, 0, 1))
    numpy.testing.assert_allclose(imaging.to_chw(array), array.transpose(2, 0, 1) / 255, rtol=1e-6)
    for wrong in (0, 1e-42, (1, 0, 1)):
        with pytest.raises(ValueError, match="std must not be"):
            imaging.to_chw(array, std=wrong)
    with pytest.raises(ValueError, match="mean must be one number, or one for each of 3 channels, not 2"):
        imaging.to_chw(array, mean=(1, 2))
    with pytest.raises(ValueError, match="dtype must be float32 or float16, not float64"):
        imaging.to_chw(array, dtype=float)


def test_alpha_weighs_colours():
    """What cannot be seen does not shine through."""
    array = numpy.array([[[255, 0, 0, 255], [0, 255, 0, 0]]], numpy.uint8)
    assert imaging.resize(array, (1, 1), "box").tolist() == [[[255, 0, 0, 128]]]
    assert imaging.resize(array, (1, 1), "box", mode="RGBX").tolist() == [[[128, 128, 0, 128]]]
