"""The results are Pillow's, bit for bit."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from PIL import Image

from threadpool import imaging

PROGRAM = Path(__file__).with_name("against_pillow.py")


def load():
    spec = importlib.util.spec_from_file_location("against_pillow", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


against_pillow = load()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", against_pillow.CHECKS)
def test_made_up_images(name, seed, soak):
    against_pillow.check(name, seed, soak(500, 20_000))


@pytest.mark.thread_unsafe(reason="a process of its own")
@pytest.mark.parametrize("level", ["portable", "sse", "avx2", "avx512"])
def test_every_simd_level(level):
    done = subprocess.run(
        [sys.executable, PROGRAM, "100", "400"],
        env={**os.environ, "THREADPOOL_SIMD": level},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    if done.stdout != f"{level}\n":
        pytest.skip(f"this CPU has no {level}: {done.stdout}")


@pytest.mark.parametrize("filter", against_pillow.FILTERS)
@pytest.mark.parametrize("size", [(40_000, 3), (3, 40_000), (77, 5), (20_001, 1)])
def test_long_rows_and_columns(filter, size, noise):
    array = noise(3, 40_000, 3)
    for given in (array, array.transpose(1, 0, 2)):
        expected = against_pillow.resize_of_pillow(
            Image.fromarray(numpy.ascontiguousarray(given)), size, against_pillow.FILTERS[filter]
        )
        against_pillow.assert_equal(imaging.resize(given, size, filter), expected, f"{given.shape} to {size}")


@pytest.mark.parametrize("filter", against_pillow.FILTERS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_large_image_by_every_thread(filter, channels, noise):
    """In bands, which must not show."""
    array = noise(1500, 2000, channels) if channels > 1 else noise(1500, 2000)
    image = Image.fromarray(array)
    for size in [(1999, 1501), (250, 187), (3000, 700)]:
        expected = against_pillow.resize_of_pillow(image, size, against_pillow.FILTERS[filter])
        against_pillow.assert_equal(imaging.resize(array, size, filter), expected, f"{channels} channels to {size}")


def test_other_kernels_over_a_large_image(noise):
    array = noise(3001, 4001, 3)
    image = Image.fromarray(array)
    against_pillow.assert_equal(imaging.gray(array), image.convert("L"), "gray")
    against_pillow.assert_equal(imaging.flip(array), image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "flip")
    against_pillow.assert_equal(imaging.rotate90(array), image.transpose(Image.Transpose.ROTATE_90), "rotate90")
    assert imaging.histogram(array).ravel().tolist() == image.histogram()
    for radius in (2.5, 300):
        expected = image.filter(against_pillow.ImageFilter.GaussianBlur(radius))
        against_pillow.assert_equal(imaging.gaussian_blur(array, radius), expected, f"radius {radius}")


@pytest.mark.parametrize("number", against_pillow.FILTERS.values())
def test_filters_by_pillows_enumeration(number, noise):
    array = noise(30, 40, 3)
    expected = Image.fromarray(array).resize((13, 17), number)
    against_pillow.assert_equal(imaging.resize(array, (13, 17), number), expected, str(number))


@pytest.mark.parametrize("mode", against_pillow.MODES)
def test_an_image_of_pillow_stays_one(mode, noise):
    image = against_pillow.of_pillow(noise(9, 11, against_pillow.MODES[mode]), mode)
    image.info["dpi"] = (72, 72)
    results = [imaging.resize(image, (5, 4)), imaging.flip(image), imaging.rotate90(image), imaging.box_blur(image, 1)]
    assert [result.mode for result in results] == [mode] * 4
    assert [result.size for result in results] == [(5, 4), (11, 9), (9, 11), (11, 9)]
    for result in results:
        assert result.info == {"dpi": (72, 72)}
        result.load()[0, 0] = result.getpixel((1, 1))  # it can be written to


def test_an_image_of_pillow_in_several_pieces(noise):
    array = noise(2300, 2000, 3)  # over 16 MiB at four bytes for each pixel
    expected = Image.fromarray(array).resize((100, 100), Image.Resampling.BICUBIC)
    against_pillow.assert_equal(imaging.resize(Image.fromarray(array), (100, 100), "bicubic"), expected, "pieces")


@pytest.mark.parametrize("mode", against_pillow.MODES)
def test_images_whose_memory_is_somebody_elses(mode, noise, tmp_path):
    """Those made of arrays, mapped files, and our own results."""
    array = noise(40, 30, against_pillow.MODES[mode])
    if mode == "L":
        array = array[:, :, 0]
    image = Image.frombuffer(mode, (30, 40), array.tobytes(), "raw", mode, 0, 1)
    expected = against_pillow.of_pillow(array, mode)
    turned = expected.transpose(Image.Transpose.ROTATE_180)
    against_pillow.assert_equal(imaging.rotate90(image, 2), turned, mode)
    against_pillow.assert_equal(imaging.flip(imaging.flip(image), "top_bottom"), turned, f"{mode}, of ours")
    if mode in ("L", "RGB"):
        expected.save(tmp_path / "image.bmp")
        with Image.open(tmp_path / "image.bmp") as mapped:
            against_pillow.assert_equal(imaging.rotate90(mapped, 2), turned, f"{mode}, mapped")


@pytest.mark.thread_unsafe(reason="a process of its own")
def test_gaps_between_the_rows_of_an_image_of_pillow():
    environment = {**os.environ, "PILLOW_ALIGNMENT": "64"}
    done = subprocess.run([sys.executable, PROGRAM, "7", "40"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_an_image_says_of_another_mode_is_dropped(noise):
    image = Image.fromarray(noise(5, 6, 3))
    image.info = {"transparency": (1, 2, 3), "dpi": (72, 72)}
    assert imaging.gray(image).info == {"dpi": (72, 72)}
    assert imaging.flip(image).info == image.info
