"""Kernels over many images, in the pool."""

import asyncio
import functools
import itertools
import sys

import numpy
import pytest
from PIL import Image

import threadpool
from threadpool import imaging


def test_a_run_returns_what_calls_return(partial, noise):
    images = [noise(5 + i % 7, 40 - i, 3) for i in range(40)]
    for results in (threadpool.run(partial, images), threadpool.run(partial, images, workers=1, chunk=3)):
        for ours, image in zip(results, images, strict=True):
            numpy.testing.assert_array_equal(ours, partial(image))


def test_arrays_and_images_of_pillow_in_one_run(noise):
    array = noise(30, 20, 3)
    resized = functools.partial(imaging.resize, size=(7, 9))
    first, second = threadpool.run(resized, [array, Image.fromarray(array)])
    assert isinstance(first, numpy.ndarray)
    assert isinstance(second, Image.Image)
    assert first.tobytes() == second.tobytes()


def test_an_array_of_images(noise):
    images = noise(6, 30, 20, 3)
    results = threadpool.run(functools.partial(imaging.resize, size=(7, 9)), images)
    numpy.testing.assert_array_equal(results, [imaging.resize(image, (7, 9)) for image in images])


def test_streams_and_other_ways_to_run(noise):
    images = [noise(30, 20, 3) for _ in range(50)]
    resized = functools.partial(imaging.resize, size=(7, 9))
    expected = [imaging.resize(image, (7, 9)) for image in images]
    numpy.testing.assert_array_equal(list(threadpool.imap(resized, iter(images))), expected)
    numpy.testing.assert_array_equal(asyncio.run(threadpool.run_async(resized, images)), expected)
    with threadpool.Pool(3) as pool:
        numpy.testing.assert_array_equal(pool.run(resized, images), expected)
        numpy.testing.assert_array_equal(list(pool.map(resized, images)), expected)


def test_errors_in_the_list(noise):
    resized = functools.partial(imaging.resize, size=(7, 9))
    good, bad, fine = threadpool.run(resized, [noise(3, 3), None, noise(4, 4)], errors="return")
    assert good.shape == fine.shape == (9, 7)
    assert isinstance(bad, TypeError)


def test_an_error_names_the_item(noise):
    images = [noise(3, 3, 3), noise(3, 3)]
    with pytest.raises(ValueError, match="mean must be one number, or one for each of 1 channels") as caught:
        threadpool.run(functools.partial(imaging.to_chw, mean=(0, 0, 0)), images)
    assert caught.value.__notes__ == ["threadpool: item 1 of the run"]


def test_large_images_from_several_threads(in_threads, noise):
    array = noise(1200, 1900, 3)
    expected = imaging.gaussian_blur(array, 5)
    for result in in_threads(lambda: imaging.gaussian_blur(array, 5), 4):
        numpy.testing.assert_array_equal(result, expected)


def test_a_large_image_inside_a_run(noise):
    """Shared by the threads that are free, if any are: nested runs do not hang."""
    array = noise(1200, 1900, 3)
    expected = imaging.resize(array, (300, 200))
    for result in threadpool.run(lambda _: imaging.resize(array, (300, 200)), range(6)):
        numpy.testing.assert_array_equal(result, expected)


def test_images_are_kept_alive_and_let_go(noise):
    array = noise(40, 40, 3)
    before = sys.getrefcount(array)
    threadpool.run(functools.partial(imaging.flip), [array] * 20)
    imaging.flip(array)
    with pytest.raises(ValueError):
        imaging.resize(array, (3, 3), box=(0, 0, 50, 50))
    assert sys.getrefcount(array) == before
    array.resize((10, 40, 3))  # ValueError if it were still pinned


def test_memory_does_not_grow(noise):
    import gc

    array = noise(64, 64, 3)
    resized = functools.partial(imaging.resize, size=(50, 40))
    gc.collect()
    blocks = []
    for _ in range(5):
        for _ in range(200):
            threadpool.run(resized, [array] * 5)
        gc.collect()
        blocks.append(sys.getallocatedblocks())
    # Other threads may take more now and then, as one that starts does, but what is lost is lost each time.
    assert min(after - before for before, after in itertools.pairwise(blocks)) < 60
