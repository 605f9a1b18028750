"""Kernels that make an image, as `run` takes them."""

import functools

import numpy
import pytest

from threadpool import imaging

OPTIONS = {
    imaging.resize: {"size": (20, 30)},
    imaging.gray: {},
    imaging.box_blur: {"radius": 1.5},
    imaging.gaussian_blur: {"radius": 2},
    imaging.flip: {},
    imaging.rotate90: {},
    imaging.histogram: {},
    imaging.to_chw: {"size": (20, 30)},
}


@pytest.fixture(params=OPTIONS, ids=lambda kernel: kernel.name)
def kernel(request):
    return request.param


@pytest.fixture
def partial(kernel):
    """The kernel with what it needs to know."""
    return functools.partial(kernel, **OPTIONS[kernel])


@pytest.fixture
def noise():
    """`noise(height, width, channels)`: an array; without channels of two dimensions."""
    generator = numpy.random.default_rng(7)
    return lambda *shape: generator.integers(0, 256, shape, numpy.uint8)
