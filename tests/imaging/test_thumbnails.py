"""thumbnails, against Pillow."""

import io
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import zlib
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("PIL", reason="the images extra is not installed")

from PIL import Image, ImageCms, ImageOps

from threadpool.errors import ImageError, ImageTooLarge
from threadpool.imaging import thumbnails

WAIT = 30
ORIENTATION = 0x0112
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def picture(size=(80, 60), mode="RGB"):
    """Smooth, with a bright corner on the top left, red to the right, blue down below."""
    width, height = size
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGB", (across, Image.new("L", size, 40), down))
    image.paste("white", (0, 0, width // 4, height // 4))
    return image.convert(mode)


def save(path, image=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    (picture() if image is None else image).save(path, **options)
    return path


def make(*arguments, **options):
    return list(thumbnails(*arguments, **options))


def one(path, folder, size=40, **options):
    """The thumbnail of one picture."""
    [(source, target)] = thumbnails([path], folder / "out", size, **options)
    assert source == str(path)
    with Image.open(target) as image:
        image.load()
        return image


def difference(a, b):
    """The largest between two pictures, in any channel."""
    assert (a.mode, a.size) == (b.mode, b.size)
    return max(abs(x - y) for x, y in zip(a.tobytes(), b.tobytes(), strict=True))


def files_below(folder):
    return {os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names}


# Pixels and sizes


@pytest.mark.parametrize("size", [(320, 320), (100, 300), (1, 1), (1000, 7)])
def test_the_size_is_that_of_thumbnail(tmp_path, size):
    numbers = random.Random(0)
    paths = []
    for i in range(30):
        shape = (numbers.randint(1, 700), numbers.randint(1, 700))
        paths.append(save(tmp_path / f"{i}.png", Image.new("1", shape)))
    for path, target in make(paths, tmp_path / "out", size, format="png"):
        with Image.open(path) as expected, Image.open(target) as image:
            expected.thumbnail(size)
            assert image.size == expected.size


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(("gap", "scale"), [(1.0, 8), (1.5, 8), (2.0, 4), (5.0, 2), (None, 1)])
def test_jpegs_are_pillows_at_the_same_scale(tmp_path, filter, progressive, gap, scale):
    path = save(tmp_path / "a.jpg", picture((1003, 757)), quality=95, progressive=progressive)
    [(_, target)] = make([path], tmp_path / "out", 80, filter=filter, reducing_gap=gap, quality=90)
    with Image.open(path) as image:
        _, box = image.draft(None, (1003 // scale, 757 // scale))
        assert image.size == (-(-1003 // scale), -(-757 // scale))
        expected = io.BytesIO()
        image.resize((80, 60), FILTERS[filter], box).save(expected, "JPEG", quality=90)
    assert Path(target).read_bytes() == expected.getvalue()


def test_a_picture_is_never_enlarged(tmp_path):
    path = save(tmp_path / "a.png", picture((30, 20)))
    assert difference(one(path, tmp_path, 100, format="png"), picture((30, 20))) == 0
    assert one(path, tmp_path, (100, 10)).size == (15, 10)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["jpg", "png", "webp", "tif"])
def test_orientation(tmp_path, orientation, format):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = save(tmp_path / f"a.{format}", picture((90, 47)), exif=exif, quality=95)
    image = one(path, tmp_path, (33, 40), format="png")
    with Image.open(path) as original:
        expected = ImageOps.exif_transpose(original).convert("RGB")
    expected.thumbnail((33, 40), Image.Resampling.LANCZOS, reducing_gap=None)
    assert difference(image, expected) <= 30
    assert ORIENTATION not in image.getexif()


def test_metadata(tmp_path):
    """The profile is kept, the rest is gone."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F] = "maker"
    path = save(tmp_path / "a.jpg", exif=exif, icc_profile=profile, comment=b"secret", xmp=b"<secret/>", dpi=(300, 300))
    for format in ("jpeg", "png", "webp"):
        image = one(path, tmp_path, format=format)
        assert image.info["icc_profile"] == profile
        assert not image.getexif()
        assert {"exif", "comment", "xmp", "dpi"} & image.info.keys() == set()


def test_a_profile_for_other_colours_is_left_out(tmp_path):
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = b"CMYK"
    path = save(tmp_path / "a.jpg", picture(mode="CMYK"), icc_profile=bytes(profile))
    assert "icc_profile" not in one(path, tmp_path).info


def test_damaged_metadata_do_no_harm(tmp_path):
    path = save(tmp_path / "a.jpg", exif=b"Exif\0\0XX*\0\x08\0\0\0\xff\xff")
    assert one(path, tmp_path).size == (40, 30)


@pytest.mark.parametrize(
    ("mode", "suffix", "plain"),
    [
        ("1", "png", "L"),
        ("L", "jpg", "L"),
        ("LA", "png", "LA"),
        ("P", "png", "RGB"),
        ("P", "gif", "RGB"),
        ("PA", "tif", "RGBA"),
        ("RGB", "bmp", "RGB"),
        ("RGBA", "png", "RGBA"),
        ("RGBX", "tif", "RGB"),
        ("CMYK", "jpg", "RGB"),
        ("YCbCr", None, "RGB"),
        ("HSV", None, "RGB"),
        ("I;16", "png", "L"),
        ("I", "tif", "L"),
        ("F", "tif", "L"),
    ],
)
def test_modes(tmp_path, mode, suffix, plain):
    from threadpool.imaging.picture import in_plain_mode

    if mode == "I;16":
        original = picture(mode="L").convert("I").point(lambda value: value * 257 + 0).convert("I;16")
    elif mode == "PA":
        original = picture(mode="RGBA").convert("PA")
    elif mode == "LA":
        original = picture(mode="L").convert("LA")
    else:
        original = picture(mode="L" if mode in ("I", "F") else "RGB").convert(mode)
    result = in_plain_mode(original)
    expected = picture(mode="L" if plain in ("L", "LA") else "RGB").convert(plain)
    assert (result.mode, result.size) == (plain, expected.size)
    if mode in ("I", "F"):
        expected = ImageOps.autocontrast(expected)
    if mode not in ("1", "P", "PA", "CMYK"):  # which cannot have all colours
        assert difference(result, expected) <= (10 if mode in ("YCbCr", "HSV") else 1)
    if suffix is None or mode == "PA":
        return
    path = save(tmp_path / f"a.{suffix}", original)
    assert one(path, tmp_path, format="png").mode == plain
    assert one(path, tmp_path, format="jpeg").mode == plain.removesuffix("A")
    assert one(path, tmp_path, format="webp").mode.startswith("RGB")


def test_what_is_transparent_is_white_in_a_jpeg(tmp_path):
    image = Image.new("RGBA", (60, 60), (0, 0, 200, 0))
    image.paste((0, 0, 0, 255), (0, 0, 30, 60))
    for name, of_mode in (("a", image), ("b", image.convert("LA"))):
        thumbnail = one(save(tmp_path / f"{name}.png", of_mode), tmp_path)
        assert thumbnail.convert("L").getpixel((35, 20)) > 250
        assert thumbnail.convert("L").getpixel((4, 20)) < 5
    paletted = image.quantize(3)
    assert "transparency" not in paletted.info
    gif = save(tmp_path / "c.gif", image)
    assert one(gif, tmp_path, format="png").getpixel((35, 20))[3] == 0
    assert one(gif, tmp_path).getpixel((35, 20)) >= (250, 250, 250)
    coloured = save(tmp_path / "d.png", Image.new("RGB", (60, 60), (1, 2, 3)), transparency=(1, 2, 3))
    assert one(coloured, tmp_path, format="png").getpixel((1, 1))[3] == 0


@pytest.mark.parametrize("progressive", [False, True])
def test_pictures_of_several_in_one_jpeg(tmp_path, progressive):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    frames = [Image.new("RGB", (400, 200), colour) for colour in ("red", "blue")]
    path = save(
        tmp_path / "a.mpo", frames[0], save_all=True, append_images=frames[1:], exif=exif, progressive=progressive
    )
    image = one(path, tmp_path, 30)
    assert image.size == (15, 30)
    assert image.getpixel((7, 15))[2] < 5


def test_gray_of_16_bits_with_a_transparent_one(tmp_path):
    image = Image.new("L", (60, 60), 100).convert("I").point(lambda value: value * 257 + 0).convert("I;16")
    path = save(tmp_path / "a.png", image, transparency=25700)
    assert one(path, tmp_path).getpixel((5, 5)) == 100


@pytest.mark.parametrize("suffix", ["gif", "tif", "webp", "png"])
def test_the_first_of_several_frames(tmp_path, suffix):
    frames = [Image.new("RGB", (60, 60), colour) for colour in ("red", "blue")]
    path = save(tmp_path / f"a.{suffix}", frames[0], save_all=True, append_images=frames[1:])
    red, _, blue = one(path, tmp_path, format="png").convert("RGB").getpixel((20, 20))
    assert red > 250
    assert blue < 5


def test_quality(tmp_path):
    path = save(tmp_path / "a.png", Image.effect_noise((100, 100), 50))
    for format in ("jpeg", "webp"):
        sizes = []
        for quality in (10, 95):
            [(_, target)] = make([path], tmp_path / "out", 100, format=format, quality=quality)
            sizes.append(os.path.getsize(target))
        assert sizes[0] < sizes[1] / 2


# Which pictures, and where the thumbnails go


def test_a_folder(tmp_path):
    folder = tmp_path / "in"
    for name in ("b.jpg", "a/c.PNG", "a/d/e.webp", "Ü 写真.jpeg", " x.gif", "-y.bmp", "z.tar.tiff"):
        save(folder / name)
    (folder / "notes.txt").write_text("text")
    (folder / "film.mpg").write_bytes(b"film")
    save(folder / ".hidden.jpg")
    save(folder / ".hidden" / "a.jpg")
    done = make(folder, tmp_path / "out", 20)
    names = ["b", "a/c", "a/d/e", "Ü 写真", " x", "-y", "z.tar"]
    assert files_below(tmp_path / "out") == {os.path.normpath(f"{name}.jpg") for name in names}
    sources = [source for source, _ in done]
    assert sources == sorted(sources, key=os.fsencode)
    assert (str(folder / "a" / "c.PNG"), str(tmp_path / "out" / "a" / "c.jpg")) in done


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
def test_names_of_any_bytes(tmp_path):
    folder = os.fsencode(tmp_path / "in")
    os.mkdir(folder)
    data = save(tmp_path / "a.jpg").read_bytes()
    for name in (b"\xff\xfe.jpg", b"new\nline.jpg", b"back\\slash.jpg", b"x" * 250 + b".jpg"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    assert len(make(folder, os.fsencode(tmp_path / "out"), 20)) == 4
    assert sorted(os.listdir(folder)) == sorted(os.listdir(os.fsencode(tmp_path / "out")))


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_links_are_not_followed_below_a_folder(tmp_path):
    save(tmp_path / "elsewhere" / "a.jpg")
    save(tmp_path / "in" / "b.jpg")
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "link.jpg").symlink_to(tmp_path / "elsewhere" / "a.jpg")
    make(tmp_path / "in", tmp_path / "out", 20)
    assert files_below(tmp_path / "out") == {"b.jpg"}
    (tmp_path / "in-2").symlink_to(tmp_path / "in")
    assert len(make([tmp_path / "in" / "link.jpg"], tmp_path / "out", 20)) == 1
    assert len(make(tmp_path / "in-2", tmp_path / "out", 20)) == 1


@pytest.mark.parametrize("out", ["thumbs", "a/thumbs", "./x/../thumbs"])
def test_thumbnails_are_not_thumbnailed(tmp_path, out):
    save(tmp_path / "a" / "b.jpg")
    save(tmp_path / "thumbs-of-mine.jpg")
    (tmp_path / "x").mkdir()
    first = make(tmp_path, tmp_path / out, 20)
    assert len(first) == 2
    assert make(tmp_path, tmp_path / out, 20) == first


def test_pictures_are_not_replaced(tmp_path):
    path = save(tmp_path / "a" / "b.jpg")
    before = path.read_bytes()
    for folder in (tmp_path / "a", tmp_path):
        with pytest.raises(ValueError, match="out_folder must not be the folder of the pictures, or above it"):
            thumbnails(tmp_path / "a", folder, 20)
        errors = []
        assert make([path], folder, 20, onerror=errors.append) == []
        assert [(error.filename, error.reason) for error in errors] == [(str(path), "is in the output folder")]
    assert path.read_bytes() == before


def test_names_that_would_be_the_same(tmp_path):
    names = ["a.JPG", "a.gif", "a.jpeg", "a.jpg", "a.png", "a.png.gif", "b/a.png"]
    for name in names:
        save(tmp_path / "in" / name)
    done = make(tmp_path / "in", tmp_path / "out", 20)
    assert [os.path.relpath(target, tmp_path / "out").replace(os.sep, "/") for _, target in done] == [
        "a.jpg",
        "a.gif.jpg",
        "a.jpeg.jpg",
        "a-2.jpg",
        "a.png.jpg",
        "a.png.gif.jpg",
        "b/a.jpg",
    ]
    assert make(tmp_path / "in", tmp_path / "out", 20) == done


def test_names_of_a_list(tmp_path):
    paths = [save(tmp_path / folder / name) for folder in "123" for name in ("a.jpg", "A.png")]
    done = make(paths, tmp_path / "out", 20)
    assert [os.path.basename(target) for _, target in done] == [
        *("a.jpg", "A.png.jpg", "a-2.jpg", "A-3.jpg", "a-4.jpg", "A-5.jpg")
    ]
    assert [source for source, _ in done] == list(map(str, paths))


def test_update(tmp_path):
    old, new = save(tmp_path / "old.jpg"), save(tmp_path / "new.jpg")
    done = make([old, new], tmp_path / "out", 20)
    for _, target in done:
        Path(target).write_bytes(b"old")
        os.utime(target, ns=(10, 10))
    os.utime(old, ns=(10, 10))
    os.utime(new, ns=(11, 11))
    assert make([old, new], tmp_path / "out", 20, update=True) == done
    assert [Path(target).read_bytes() == b"old" for _, target in done] == [True, False]
    make([old, new], tmp_path / "out", 20)
    assert [os.path.getsize(target) > 0 for _, target in done] == [True, True]


# Errors


def broken(folder):
    """Files with something wrong, and what is said of it."""
    whole = save(folder / "whole.png", picture((300, 300))).read_bytes()
    jpeg = save(folder / "whole.jpg", picture((300, 300))).read_bytes()
    progressive = save(folder / "progressive.jpg", picture((300, 300)), progressive=True).read_bytes()
    contents = {
        "empty.jpg": b"",
        "text.png": b"no picture",
        "header.png": whole[:40],
        "truncated.png": whole[: len(whole) // 2],
        "truncated.jpg": jpeg[: len(jpeg) // 2],
        "truncated-progressive.jpg": progressive[: len(progressive) // 2],
        "start.jpg": jpeg[:20],
        "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def test_broken_files_are_told_by_name_and_the_others_go_on(tmp_path):
    bad = broken(tmp_path / "in")
    good = [tmp_path / "in" / name for name in ("whole.png", "whole.jpg", "progressive.jpg")]
    errors = []
    done = make(tmp_path / "in", tmp_path / "out", 20, onerror=errors.append)
    assert {source for source, _ in done} == set(map(str, good))
    assert {error.filename for error in errors} == set(map(str, bad))
    for error in errors:
        assert type(error) is ImageError
        assert error.reason
        assert str(error) == f"{error.filename}: {error.reason}"
        # Which would hold the picture in memory.
        assert error.__traceback__ is error.__context__ is error.__cause__ is None
    assert files_below(tmp_path / "out") == {"whole.jpg", "whole.png.jpg", "progressive.jpg"}


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "tif", "bmp", "tga", "ico", "ppm"])
def test_hostile_files(tmp_path, suffix):
    numbers = random.Random(suffix)
    data = save(tmp_path / f"a.{suffix}", picture((64, 48))).read_bytes()
    paths = []
    for i in range(60):
        changed = bytearray(data)
        for _ in range(numbers.randint(1, 8)):
            changed[int(len(data) * numbers.random() ** 3)] = numbers.randrange(256)
        paths.append(tmp_path / f"{i}.{suffix}")
        paths[-1].write_bytes(changed[: numbers.choice([len(data), numbers.randrange(len(data))])])
    errors = []
    done = make(paths, tmp_path / "out", 20, onerror=errors.append, max_pixels=10**6)
    assert len(done) + len(errors) == 60
    assert all(isinstance(error, ImageError) for error in errors)
    assert files_below(tmp_path / "out") == {os.path.basename(target) for _, target in done}


def test_without_onerror_the_first_error_is_raised_at_its_place(tmp_path):
    paths = [save(tmp_path / "a.jpg"), tmp_path / "missing.jpg", save(tmp_path / "b.jpg")]
    results = thumbnails(paths, tmp_path / "out", 20)
    assert next(results)[0] == str(paths[0])
    with pytest.raises(FileNotFoundError) as caught:
        next(results)
    assert caught.value.filename == str(paths[1])
    assert list(results) == []


def test_files_that_cannot_be_read_or_written(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "out" / "b.jpg").mkdir(parents=True)
    errors = []
    paths = [tmp_path / "missing", tmp_path / "folder", save(tmp_path / "b.png"), save(tmp_path / "c.png")]
    assert len(make(paths, tmp_path / "out", 20, onerror=errors.append)) == 1
    assert [error.filename for error in errors] == [
        *(str(tmp_path / "missing"), str(tmp_path / "folder"), str(tmp_path / "out" / "b.jpg"))
    ]
    assert all(isinstance(error, OSError) and error.strerror for error in errors)
    assert files_below(tmp_path / "out") == {"c.jpg"}


def test_an_output_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(FileExistsError):
        make([save(tmp_path / "a.jpg")], tmp_path / "out", 20, onerror=lambda error: None)


def test_a_file_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    path = save(tmp_path / "a.jpg")
    [(_, target)] = make([path], tmp_path / "out", 20)
    before = Path(target).read_bytes()

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        make([path], tmp_path / "out", 30)
    assert caught.value.filename == target
    assert files_below(tmp_path / "out") == {"a.jpg"}
    assert Path(target).read_bytes() == before


def test_too_many_pixels(tmp_path):
    path = save(tmp_path / "a.png", Image.new("1", (300, 200)))
    assert len(make([path], tmp_path / "out", 20, max_pixels=60_000)) == 1
    with pytest.raises(ImageTooLarge, match="has 300 x 200 pixels, more than 59999") as caught:
        make([path], tmp_path / "out", 20, max_pixels=59_999)
    assert caught.value.filename == str(path)
    bomb = bytearray(path.read_bytes())
    bomb[16:24] = bytes([0, 0, 0xFF, 0xFF] * 2)
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4)
    path.write_bytes(bomb)
    with pytest.raises(ImageTooLarge, match="has 65535 x 65535 pixels, more than 178956970"):
        make([path], tmp_path / "out", 20)


@pytest.mark.thread_unsafe(reason="changes Pillow")
def test_the_limit_of_pillow_is_not_heeded(tmp_path, monkeypatch):
    path = save(tmp_path / "a.jpg")
    for limit in (4000, 1000):  # of which Pillow warns, and more than which it refuses
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        assert len(make([path], tmp_path / "out", 20)) == 1
        assert len(make([path], tmp_path / "out", 20, max_pixels=None)) == 1


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"size": 0}, ValueError, "size must be 1 or greater, not 0"),
        ({"size": (10, -1)}, ValueError, "size must be 1 or greater, not -1"),
        ({"size": (1, 2, 3)}, ValueError, r"size must be the longest side or \(width, height\), not \(1, 2, 3\)"),
        ({"size": 1.5}, TypeError, "size must be an integer, not 'float'"),
        ({"format": "gif"}, ValueError, "format must be one of 'jpeg', 'png', 'webp', not 'gif'"),
        ({"filter": "cubic"}, ValueError, "filter must be one of 'nearest', .*, not 'cubic'"),
        ({"quality": 101}, ValueError, "quality must be from 1 to 100, not 101"),
        ({"quality": "good"}, TypeError, "quality must be an integer, not 'str'"),
        ({"quality": 50, "format": "png"}, ValueError, "quality is for 'jpeg' and 'webp'"),
        ({"reducing_gap": 0.5}, ValueError, "reducing_gap must be from 1.0 to 1000.0, or None, not 0.5"),
        ({"reducing_gap": "2"}, ValueError, "reducing_gap must be from 1.0 to 1000.0, or None, not '2'"),
        ({"reducing_gap": float("nan")}, ValueError, "reducing_gap must be"),
        ({"reducing_gap": float("inf")}, ValueError, "reducing_gap must be"),
        ({"max_pixels": 0}, ValueError, "max_pixels must be 1 or greater, not 0"),
        ({"workers": 0}, ValueError, "workers must be"),
        ({"contact_sheet": "sheet.pdf"}, ValueError, "contact_sheet must end in one of .jpg, .png, .*not 'sheet.pdf'"),
        ({"contact_sheet": 5}, TypeError, "contact_sheet must be a path"),
        ({"out_folder": None}, TypeError, "out_folder must be a path"),
        ({"paths_or_folder": 5}, TypeError, "paths_or_folder must be a path or an iterable of paths, not 'int'"),
        ({"onerror": 5}, TypeError, "onerror must be callable"),
        ({"progress": 5}, TypeError, "progress must be"),
    ],
)
def test_bad_arguments(tmp_path, options, error, words):
    arguments = {"paths_or_folder": [], "out_folder": tmp_path / "out", "size": 10, **options}
    with pytest.raises(error, match=words):
        thumbnails(**arguments)
    assert not (tmp_path / "out").exists()


def test_bad_paths_raise_at_their_place(tmp_path):
    results = thumbnails([save(tmp_path / "a.jpg"), 3], tmp_path / "out", 20)
    next(results)
    with pytest.raises(TypeError, match=r"paths_or_folder\[1\] must be a path"):
        next(results)


def test_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        make(tmp_path / "missing", tmp_path / "out", 20)
    assert caught.value.filename == str(tmp_path / "missing")


# What is in memory, in which threads, and when


def test_nothing_happens_before_the_first_is_asked_for(tmp_path):
    save(tmp_path / "in" / "a.jpg")
    results = thumbnails(tmp_path / "in", tmp_path / "out", 20)
    assert not (tmp_path / "out").exists()
    next(results)


@pytest.mark.parametrize("workers", [None, 2])
def test_pictures_are_read_as_thumbnails_are_asked_for(tmp_path, workers):
    path = save(tmp_path / "a.jpg")
    read = []

    def endless():
        for number in itertools.count():
            read.append(number)
            yield path

    results = thumbnails(endless(), tmp_path / "out", 20, workers=workers)
    assert read == []
    assert len(list(itertools.islice(results, 20))) == 20
    assert len(read) < 10_000
    results.close()


@pytest.mark.thread_unsafe(reason="changes what makes a picture")
def test_each_worker_has_one_picture_in_memory(tmp_path, monkeypatch):
    from threadpool.imaging import output, picture

    both = threading.Barrier(2)
    held, most = Counter(), Counter()  # by each thread; the caller's may be one, where the workers are slow to come
    original = picture.small_picture

    def small_picture(path, recipe):
        me = threading.get_ident()
        held[me] += 1
        most[me] = max(most[me], held[me])
        if path.endswith(("0.jpg", "1.jpg")):
            both.wait(WAIT)
        return original(path, recipe)

    def encoded(image, *options):
        held[threading.get_ident()] -= 1
        return b"encoded"

    monkeypatch.setattr(picture, "small_picture", small_picture)
    monkeypatch.setattr(output, "encoded", encoded)
    paths = [save(tmp_path / f"{i}.jpg") for i in range(2)] + [save(tmp_path / "x.jpg")] * 50
    assert len(make(paths, tmp_path / "out", 20, workers=2)) == 52
    assert set(held.values()) == {0}
    assert set(most.values()) == {1}
    assert 2 <= len(most) <= 3


def test_several_calls_at_once(tmp_path, in_threads):
    paths = [save(tmp_path / f"{i}.jpg") for i in range(20)]
    numbers = itertools.count()
    for done in in_threads(lambda: make(paths, tmp_path / str(next(numbers)), 20), 4):
        assert [source for source, _ in done] == list(map(str, paths))


def test_into_one_folder_by_several_calls(tmp_path, in_threads):
    paths = [save(tmp_path / f"{i}.jpg") for i in range(20)]
    in_threads(lambda: make(paths, tmp_path / "out", 20), 4)
    assert files_below(tmp_path / "out") == {f"{i}.jpg" for i in range(20)}


def test_progress(tmp_path):
    paths = [save(tmp_path / "in" / f"{i}.jpg") for i in range(5)] + [tmp_path / "missing.jpg"]
    for given, total, count in ((paths, 6, 6), (iter(paths), None, 6), (tmp_path / "in", None, 5)):
        told = []
        make(
            *(given, tmp_path / "out", 20),
            onerror=lambda error: None,
            progress=lambda *figures, told=told: told.append(figures),
        )
        assert told[-1] == (count, count)
        assert {figure for _, figure in told[:-1]} <= {total}
        assert told == sorted(told)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_an_interrupted_program_leaves_nothing_behind(tmp_path):
    for i in range(300):
        save(tmp_path / "in" / f"{i}.jpg", picture((400, 300)))
    program = (
        "import sys\nfrom threadpool.imaging import thumbnails\n"
        # More than a pipe has room for, so that it does not end before it is interrupted.
        "for source, target in thumbnails(sys.argv[1], sys.argv[2], 100): print(target.ljust(2000), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "in"), str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert b"KeyboardInterrupt" in process.communicate(timeout=WAIT)[1]
    assert process.returncode == -signal.SIGINT
    names = files_below(tmp_path / "out")
    assert names
    assert {os.path.splitext(name)[1] for name in names} == {".jpg"}
    for name in names:
        with Image.open(tmp_path / "out" / name) as image:
            image.load()


def test_pillow_is_imported_when_it_is_needed(tmp_path):
    program = "import sys, threadpool.imaging; print({'PIL', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")
    (tmp_path / "PIL").mkdir()
    (tmp_path / "PIL" / "__init__.py").write_text("raise ImportError")
    program = "from threadpool import imaging; imaging.thumbnails('in', 'out', 10)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert "ImportError: thumbnails need Pillow: pip install 'threadpool-ft[images]'" in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files")
def test_what_is_no_regular_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match="is no regular file"):
        list(thumbnails([tmp_path / "a.jpg"], tmp_path / "out", 30))


def test_an_empty_thumbnail_is_not_up_to_date(tmp_path):
    path = save(tmp_path / "a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.jpg").touch()
    list(thumbnails([path], tmp_path / "out", 30, update=True))
    assert (tmp_path / "out" / "a.jpg").stat().st_size > 0
