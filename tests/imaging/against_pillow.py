"""Every kernel against Pillow, on made-up images: `python against_pillow.py SEED COUNT`, at any level of SIMD.

Sizes are around the widths of vectors, and odd; rows have any stride; boxes have fractions.
"""

import random
import sys

import numpy
import PIL
from PIL import Image, ImageFilter

from threadpool import _simd, imaging

MODES = {"L": 1, "LA": 2, "La": 2, "RGB": 3, "RGBA": 4, "RGBa": 4, "RGBX": 4, "CMYK": 4}
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 21, 22, 31, 32, 33, 63, 64, 65, 85, 86, 127, 128, 129, 200, 257]
TRANSPOSE = Image.Transpose
PILLOW = int(PIL.__version__.split(".")[0])


def size(random, most=600):
    return random.choice([random.choice(SIZES), random.randint(1, 40), random.randint(1, most)])


def pixels(random, width, height, channels):
    """An array, with rows of a made-up stride: noise, or a few values only, or the two extremes."""
    noise = numpy.random.default_rng(random.getrandbits(32))
    left, right = random.choice([(0, 0), (random.randint(0, 9), random.randint(0, 9))])
    shape = (height, width + left + right, channels)
    kind = random.randrange(4)
    if kind == 0:
        array = noise.choice(numpy.array([0, 255], numpy.uint8), shape)
    elif kind == 1:
        array = numpy.full(shape, random.randint(0, 255), numpy.uint8)
    else:
        array = noise.integers(0, 256, shape, numpy.uint8)
    array = array[:, left : left + width]
    if random.random() < 0.2:
        array = array[::-1]
    if random.random() < 0.2:
        array = numpy.repeat(array, 2, axis=0)[::2]
    return array[:, :, 0] if channels == 1 and random.random() < 0.8 else array


def of_pillow(array, mode):
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    array = numpy.ascontiguousarray(array)
    return Image.frombytes(mode, array.shape[1::-1], array.tobytes())


def resize_of_pillow(image, size, resample, box=None):
    """Pillow's resize, with the passes in the order that it has from 13 on: before, the one down seldom came first."""
    if PILLOW >= 13 or resample == Image.Resampling.NEAREST or (size == image.size and box is None):
        return image.resize(size, resample, box)
    if image.mode in ("LA", "RGBA"):
        return resize_of_pillow(image.convert(image.mode[:-1] + "a"), size, resample, box).convert(image.mode)
    (before, rows), (after, wanted) = image.size, size
    left, top, right, bottom = box or (0, 0, *image.size)
    if wanted < rows and rows - wanted > 2 * (before - after):
        middle = image.resize((before, wanted), resample, (0, top, before, bottom))
        return middle.resize(size, resample, (left, 0, right, wanted))
    return image.resize((after, rows), resample, (left, 0, right, rows)).resize(size, resample, (0, top, after, bottom))


def bytes_of(image):
    return numpy.frombuffer(image.tobytes(), numpy.uint8)


def assert_equal(ours, theirs, case):
    ours = bytes_of(ours) if isinstance(ours, Image.Image) else numpy.asarray(ours).ravel()
    theirs = bytes_of(theirs)
    assert ours.size == theirs.size, case
    if not numpy.array_equal(ours, theirs):
        at = int(numpy.flatnonzero(ours != theirs)[0])
        raise AssertionError(f"{case}: byte {at} is {ours[at]}, Pillow's is {theirs[at]}")


def resized(random):
    mode = random.choice(list(MODES))
    name = random.choice(list(FILTERS))
    width, height = size(random), size(random, 200)
    target = random.choice(
        [
            (size(random), size(random, 200)),
            (size(random), height),
            (width, size(random, 200)),
            (max(1, width // 8), max(1, height // 8)),
            (max(1, width * 4 // 5), max(1, height * 4 // 5)),
            (width, height),
        ]
    )
    box = None
    if random.random() < 0.4:
        left, right = sorted(random.uniform(0, width) for _ in range(2))
        top, bottom = sorted(random.uniform(0, height) for _ in range(2))
        box = random.choice([(left, top, right, bottom), tuple(map(round, (left, top, right, bottom)))])
        single = [float(numpy.float32(x)) for x in box]
        if not (single[0] < single[2] <= width and single[1] < single[3] <= height):
            box = None
    array = pixels(random, width, height, MODES[mode])
    image = of_pillow(array, mode)
    case = f"resize {mode} {width}x{height} to {target}, {name}, box {box}"
    theirs = resize_of_pillow(image, target, FILTERS[name], box)
    options = {"size": target, "filter": name, "box": box}
    plain = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[MODES[mode]] == mode
    assert_equal(imaging.resize(array, **options, mode=None if plain else mode), theirs, case)
    assert_equal(imaging.resize(image, **options), theirs, f"{case}, of Pillow")


def blurred(random):
    mode = random.choice(list(MODES))
    array = pixels(random, size(random, 300), size(random, 200), MODES[mode])
    image = of_pillow(array, mode)

    def radius():
        return random.choice([0, 1, 2, 0.5, random.uniform(0, 3), random.uniform(0, 70), random.uniform(0, 400)])

    both = random.choice([radius(), (radius(), radius())])
    for ours, theirs in ((imaging.box_blur, ImageFilter.BoxBlur), (imaging.gaussian_blur, ImageFilter.GaussianBlur)):
        case = f"{ours.name} {mode} {image.size}, radius {both}"
        expected = image.filter(theirs(both))
        assert_equal(ours(array, both), expected, case)
        assert_equal(ours(image, both), expected, f"{case}, of Pillow")


def moved(random):
    mode = random.choice(list(MODES))
    array = pixels(random, size(random, 300), size(random, 200), MODES[mode])
    image = of_pillow(array, mode)
    for direction, method in (("left_right", TRANSPOSE.FLIP_LEFT_RIGHT), ("top_bottom", TRANSPOSE.FLIP_TOP_BOTTOM)):
        for given in (array, image):
            ours = imaging.flip(given, direction)
            assert_equal(ours, image.transpose(method), f"flip {mode} {image.size} {direction}")
    for k, method in ((1, TRANSPOSE.ROTATE_90), (2, TRANSPOSE.ROTATE_180), (3, TRANSPOSE.ROTATE_270)):
        for given in (array, image):
            assert_equal(imaging.rotate90(given, k), image.transpose(method), f"rotate90 {mode} {image.size} {k}")


def looked_at(random):
    mode = random.choice(list(MODES))
    array = pixels(random, size(random, 300), size(random, 200), MODES[mode])
    image = of_pillow(array, mode)
    for given in (array, image):
        assert imaging.histogram(given).ravel().tolist() == image.histogram(), f"histogram {mode} {image.size}"
        if mode in ("L", "LA", "RGB", "RGBA", "RGBX"):
            assert_equal(imaging.gray(given), image.convert("L"), f"gray {mode} {image.size}")


CHECKS = {"resize": resized, "blur": blurred, "moves": moved, "looks": looked_at}


def check(name, seed, count):
    """So many made-up cases; AssertionError says which one differs."""
    made_up = random.Random(seed)
    for _ in range(count):
        CHECKS[name](made_up)


if __name__ == "__main__":
    for kind in CHECKS:
        check(kind, int(sys.argv[1]), int(sys.argv[2]))
    print(_simd.level)
