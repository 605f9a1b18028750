"""What is left out of progressive JPEGs makes no difference at an eighth of their size."""

import io
import itertools
import random

import pytest

pytest.importorskip("PIL", reason="the images extra is not installed")

from PIL import Image

from threadpool.imaging.progressive import eighth


def jpeg(size, mode="RGB", **options):
    noise = Image.effect_noise(size, 20)
    bands = [noise.rotate(90 * band).resize(size) for band in range(len(Image.new(mode, (1, 1)).getbands()))]
    file = io.BytesIO()
    Image.merge(mode, bands).save(file, "JPEG", **{"progressive": True, **options})
    return file.getvalue()


def at_an_eighth(data):
    with Image.open(io.BytesIO(data)) as image:
        image.draft(None, (image.width // 8, image.height // 8))
        image.load()
        return image.size, image.mode, image.tobytes()


@pytest.mark.parametrize("size", [(8, 8), (9, 17), (121, 8), (160, 120), (599, 401)])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_the_pixels_are_the_same(size, mode):
    for subsampling, quality in itertools.product(("4:4:4", "4:2:2", "4:2:0"), (20, 75, 90)):
        data = jpeg(size, mode, subsampling=subsampling, quality=quality)
        assert at_an_eighth(eighth(data)) == at_an_eighth(data)


def test_most_of_it_is_left_out():
    data = jpeg((800, 600), quality=90)
    assert len(eighth(data)) < len(data) / 2
    # More blocks than one code of the empty scan stands for.
    data = jpeg((4000, 1000), "L")
    assert len(eighth(data)) < len(data) / 4
    assert at_an_eighth(eighth(data)) == at_an_eighth(data)


@pytest.mark.parametrize("options", [{"progressive": False}, {"restart_marker_blocks": 4}])
def test_others_are_as_they_are(options):
    data = jpeg((100, 100), **options)
    assert eighth(data) == data


def test_damaged_files_are_for_the_decoder():
    data = jpeg((64, 48))
    for end in range(len(data)):
        assert eighth(data[:end]) == data[:end]
    numbers = random.Random(0)
    for _ in range(2000):
        changed = bytearray(data)
        for _ in range(numbers.randint(1, 5)):
            changed[numbers.randrange(len(data))] = numbers.randrange(256)
        eighth(bytes(changed))
