"""The kernels over images, on one core, beside Pillow, OpenCV, scikit-image and SciPy; and on all cores."""

import functools
import statistics
from pathlib import Path

import numpy
import PIL
import pytest
from PIL import Image, ImageFilter

import plot
import threadpool
from threadpool import imaging

WIDTH, HEIGHT = 2560, 1600
SCALES = {"to_1_8": (320, 200), "to_1_2": (1280, 800), "to_4_5": (2048, 1280), "to_3_2": (3840, 2400)}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

# How many times as fast as Pillow, for scales down to an eighth, and for those near one.
FASTER = {"lanczos": (7, 5), "bicubic": (7, 5), "bilinear": (4, 3), "box": (4, 3)}

# What is drawn, where all of it ran, and beside OpenCV: megapixels in a second, by the name of the test.
PLOT = Path(__file__).parents[1] / "docs" / "imaging.svg"
DRAWN = {
    "resize[lanczos-to_1_8]": "resize to 1/8, Lanczos",
    "resize[lanczos-to_1_2]": "resize to 1/2, Lanczos",
    "resize[lanczos-to_4_5]": "resize to 4/5, Lanczos",
    "resize[bilinear-to_1_8]": "resize to 1/8, bilinear",
    "resize[box-to_1_8]": "resize to 1/8, box (area)",
    "gray": "gray",
    "flip[left_right]": "flip",
    "rotate90": "rotate90",
    "histogram": "histogram",
    "box_blur[20]": "box_blur, radius 20",
    "gaussian_blur[3]": "gaussian_blur, radius 3",
    "gaussian_blur[10]": "gaussian_blur, radius 10",
}
speeds: dict[str, dict[str, float]] = {}

# How many times as fast two cores are to be: less than twice where both wait for the same memory.
TWO_CORES = {
    functools.partial(imaging.resize, size=(320, 200)): 1.85,
    functools.partial(imaging.resize, size=(1024, 640)): 1.85,
    functools.partial(imaging.box_blur, radius=3): 1.85,
    functools.partial(imaging.gaussian_blur, radius=3): 1.85,
    functools.partial(imaging.histogram): 1.85,
    functools.partial(imaging.to_chw, size=(224, 224)): 1.85,
    functools.partial(imaging.gray): 1.0,
    functools.partial(imaging.flip): 1.0,
    functools.partial(imaging.rotate90): 1.0,
    functools.partial(imaging.to_chw): 1.0,
}


@pytest.fixture(scope="module", autouse=True)
def drawn():
    yield
    if all("opencv" in speeds.get(name, {}) for name in ("gray", "rotate90")) and speeds.keys() >= DRAWN.keys():
        shown = {label: speeds[name] for name, label in DRAWN.items()}
        title = f"2560 × 1600 RGB, one core: CPython {plot.version()}, Pillow {PIL.__version__}"
        plot.draw_bars(PLOT, shown, "megapixels in a second", title)


@pytest.fixture(scope="session")
def array():
    """Gradients and noise, as photographs have."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    noise = numpy.random.default_rng(1).normal(0, 8, (HEIGHT, WIDTH, 3))
    smooth = numpy.stack([x * 255 / WIDTH, y * 255 / HEIGHT, (x + y) % 256], axis=2)
    return (smooth + noise).clip(0, 255).astype(numpy.uint8)


@pytest.fixture(scope="session")
def image(array):
    return Image.fromarray(array)


@pytest.fixture
def cv2():
    """OpenCV with one thread, or None: it has no wheels for free-threaded Python."""
    try:
        import cv2
    except ImportError:
        return None
    cv2.setNumThreads(1)
    return cv2


@pytest.fixture
def on_one_core(request, compare, contender, array):
    """`on_one_core(kernel, bars, name=rival, …)`, and the kernel on all cores in a row of its own."""

    def run(kernel, bars, **rivals):
        rivals = {name: contender(rival) for name, rival in rivals.items() if rival is not None}
        contenders = compare(
            contender(lambda: threadpool.run(kernel, [array], workers=1)),
            bars,
            bars,
            **rivals,
            all_cores=contender(lambda: kernel(array)),
        )
        speeds[request.node.name.removeprefix("test_")] = {
            name.removesuffix("_area"): WIDTH * HEIGHT / 1e6 / statistics.median(contender.seconds)
            for name, contender in contenders.items()
        }

    return run


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["lanczos", "bicubic", "bilinear", "box"])
def test_resize(on_one_core, array, image, cv2, name, scale):
    size = SCALES[scale]
    few, many = FASTER[name]
    bars = {"pillow": 1 / (few if scale == "to_1_8" else many)} if scale != "to_3_2" else {}
    if name == "box" and scale in ("to_1_8", "to_1_2"):
        bars["opencv_area"] = 1.0
    on_one_core(
        functools.partial(imaging.resize, size=size, filter=name),
        bars,
        pillow=lambda: image.resize(size, Image.Resampling[name.upper()]),
        # Without antialiasing, but for INTER_AREA: it looks at 2 x 2 or 8 x 8 pixels for each of the result.
        opencv_area=(cv2 and name == "box" and (lambda: cv2.resize(array, size, interpolation=cv2.INTER_AREA))) or None,
        opencv_aliased=(cv2 and name != "box" and (lambda: cv2.resize(array, size, interpolation=_opencv(cv2, name))))
        or None,
    )


def _opencv(cv2, name):
    return {"lanczos": cv2.INTER_LANCZOS4, "bicubic": cv2.INTER_CUBIC, "bilinear": cv2.INTER_LINEAR}[name]


def test_resize_by_scikit_image(on_one_core, array):
    transform = pytest.importorskip("skimage.transform")
    on_one_core(
        functools.partial(imaging.resize, size=(320, 200), filter="bicubic"),
        {},
        scikit_image=lambda: transform.resize(array, (200, 320), order=3, anti_aliasing=True),
    )


def test_gray(on_one_core, array, image, cv2):
    on_one_core(
        functools.partial(imaging.gray),
        {"opencv": 1.0},
        pillow=lambda: image.convert("L"),
        opencv=cv2 and (lambda: cv2.cvtColor(array, cv2.COLOR_RGB2GRAY)),
    )


@pytest.mark.parametrize("direction", ["left_right", "top_bottom"])
def test_flip(on_one_core, array, image, cv2, direction):
    across = direction == "left_right"
    on_one_core(
        functools.partial(imaging.flip, direction=direction),
        {"opencv": 1.0},
        pillow=lambda: image.transpose(Image.Transpose(0 if across else 1)),
        opencv=cv2 and (lambda: cv2.flip(array, int(across))),
        numpy=lambda: array[:, ::-1].copy() if across else array[::-1].copy(),
    )


def test_rotate90(on_one_core, array, image, cv2):
    on_one_core(
        functools.partial(imaging.rotate90),
        {"opencv": 1.0},
        pillow=lambda: image.transpose(Image.Transpose.ROTATE_90),
        opencv=cv2 and (lambda: cv2.rotate(array, cv2.ROTATE_90_COUNTERCLOCKWISE)),
        numpy=lambda: numpy.rot90(array).copy(),
    )


def test_histogram(on_one_core, array, image, cv2):
    on_one_core(
        functools.partial(imaging.histogram),
        {"opencv": 1.0},
        pillow=image.histogram,
        opencv=cv2 and (lambda: [cv2.calcHist([array], [channel], None, [256], [0, 256]) for channel in range(3)]),
        numpy=lambda: [numpy.bincount(array[:, :, channel].ravel(), minlength=256) for channel in range(3)],
    )


@pytest.mark.parametrize("radius", [2, 20])
def test_box_blur(on_one_core, array, image, cv2, radius):
    on_one_core(
        functools.partial(imaging.box_blur, radius=radius),
        {"pillow": 1 / 8},
        pillow=lambda: image.filter(ImageFilter.BoxBlur(radius)),
        opencv=cv2 and (lambda: cv2.blur(array, (2 * radius + 1, 2 * radius + 1))),
    )


@pytest.mark.parametrize("radius", [1, 3, 10])
def test_gaussian_blur(on_one_core, array, image, cv2, radius):
    ndimage = pytest.importorskip("scipy.ndimage")
    on_one_core(
        functools.partial(imaging.gaussian_blur, radius=radius),
        {"pillow": 1 / 8, **({"opencv": 1.0} if radius >= 3 else {})},
        pillow=lambda: image.filter(ImageFilter.GaussianBlur(radius)),
        opencv=cv2 and (lambda: cv2.GaussianBlur(array, (0, 0), radius)),
        scipy=lambda: ndimage.gaussian_filter(array, (radius, radius, 0)),
    )


@pytest.mark.parametrize("size", [None, (224, 224)], ids=["same_size", "224_224"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_to_chw(on_one_core, array, image, cv2, size, dtype):
    mean, std = numpy.float32(MEAN), numpy.float32(STD)

    def by_numpy():
        pixels = array if size is None else numpy.asarray(image.resize(size, Image.Resampling.BILINEAR))
        return ((pixels / numpy.float32(255) - mean) / std).astype(dtype).transpose(2, 0, 1).copy()

    def by_opencv():
        # Of one scale for all channels, and without antialiasing.
        return cv2.dnn.blobFromImage(array, 1 / 57, size or (WIDTH, HEIGHT), (124, 116, 104))

    on_one_core(
        functools.partial(imaging.to_chw, size=size, mean=MEAN, std=STD, dtype=dtype),
        {"numpy": 1 / 10, "opencv": 1 / 4} if dtype == "float32" and size is None else {},
        numpy=by_numpy,
        opencv=(cv2 and dtype == "float32" and by_opencv) or None,
    )


@pytest.mark.parametrize("side", [64, 256, 1024])
def test_many_images(compare, contender, executor, processes, side):
    """Of one size, halved: what a run costs beside what is done."""
    count = max(32, 8_000_000 // side**2)
    images = [numpy.random.default_rng(i).integers(0, 256, (side, side, 3), numpy.uint8) for i in range(count)]
    pictures = [Image.fromarray(image) for image in images]
    kernel = functools.partial(imaging.resize, size=(side // 2, side // 2))
    theirs = functools.partial(Image.Image.resize, size=(side // 2, side // 2), resample=Image.Resampling.LANCZOS)
    compare(
        contender(lambda: threadpool.run(kernel, images), count),
        {"one_worker": 1 / 1.85} if side > 64 else {},
        {"one_worker": 1 / 1.85} if side > 64 else {},
        one_worker=contender(lambda: threadpool.run(kernel, images, workers=1), count),
        of_pillow=contender(lambda: threadpool.run(kernel, pictures), count),
        pillow_executor=contender(lambda: list(executor.map(theirs, pictures)), count),
        pillow_processes=contender(lambda: processes.map(theirs, pictures), count),
    )


@pytest.mark.parametrize(("kernel", "faster"), TWO_CORES.items(), ids=[kernel.func.name for kernel in TWO_CORES])
def test_two_cores(compare, contender, kernel, faster):
    """Many images, large enough that a run is long beside its start; each by one thread."""
    images = [numpy.random.default_rng(i).integers(0, 256, (800, 1280, 3), numpy.uint8) for i in range(24)]
    if kernel.func is imaging.to_chw and not kernel.keywords:
        # Into memory that there is: two threads get zeroed pages from the system no faster than one.
        kernel = functools.partial(kernel, out=numpy.zeros((24, 3, 800, 1280), numpy.float32))
    bar = {"one_worker": 1 / faster}
    compare(
        contender(lambda: threadpool.run(kernel, images), len(images)),
        bar,
        bar,
        one_worker=contender(lambda: threadpool.run(kernel, images, workers=1), len(images)),
    )
