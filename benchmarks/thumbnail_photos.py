"""Thumbnails of photographs, five ways, side by side.

    make run                 photographs of scikit-image, enlarged to 12 megapixels, as JPEG
    make run DIR=folder      the pictures below a folder
    make run ROUNDS=1        fewer rounds

Serially with Pillow, with multiprocessing.Pool, with ThreadPoolExecutor, and with threadpool: as it is, and where it
decodes JPEGs at the same scale as Pillow does; warm cache, interleaved rounds, the pixels compared with Pillow's. The
pools are started before the clock is.
"""

import argparse
import functools
import importlib.util
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from PIL import Image, ImageOps

from side_by_side import ROUNDS, Job, describe, fork_or_default, measure, print_table

SIZE = 320
COPIES = 2
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg")


def thumbnail(out: str, job: tuple[int, str]) -> str:
    """What a user of Pillow writes."""
    number, path = job
    with Image.open(path) as image:
        image.thumbnail((SIZE, SIZE))
        small = ImageOps.exif_transpose(image).convert("RGB")
    target = os.path.join(out, f"{number}.jpg")
    small.save(target, icc_profile=small.info.get("icc_profile"))
    return target


@contextmanager
def serial(workers: int) -> Iterator[Job]:
    with tempfile.TemporaryDirectory() as out:
        yield lambda paths: [thumbnail(out, job) for job in enumerate(paths)]


@contextmanager
def processes(workers: int) -> Iterator[Job]:
    with tempfile.TemporaryDirectory() as out, get_context(fork_or_default()).Pool(workers) as pool:
        pool.map(abs, range(workers * 4), 1)
        yield lambda paths: pool.map(functools.partial(thumbnail, out), list(enumerate(paths)), 1)


@contextmanager
def executor(workers: int) -> Iterator[Job]:
    with tempfile.TemporaryDirectory() as out, ThreadPoolExecutor(workers) as pool:
        yield lambda paths: list(pool.map(functools.partial(thumbnail, out), enumerate(paths)))


@contextmanager
def ours(workers: int, **options: float) -> Iterator[Job]:
    from threadpool.imaging import thumbnails

    with tempfile.TemporaryDirectory() as out:
        yield lambda paths: [target for _, target in thumbnails(paths, out, SIZE, **options)]


@contextmanager
def ours_at_the_scale_of_pillow(workers: int) -> Iterator[Job]:
    with ours(workers, reducing_gap=2.0) as job:
        yield job


# The processes come first: a fork with threads about is an accident waiting to happen.
METHODS = {
    "multiprocessing.Pool": processes,
    "Pillow, serial": serial,
    "ThreadPoolExecutor": executor,
    "threadpool, reducing_gap=2.0": ours_at_the_scale_of_pillow,
    "threadpool": ours,
}
GAPS = {"threadpool, reducing_gap=2.0": 2.0, "threadpool": 1.5}


def pillows(path: str, gap: float) -> bytes | None:
    """The file that Pillow makes of a JPEG which it decodes at the scale that the gap says; None: it is no JPEG."""
    with Image.open(path) as image:
        if image.format != "JPEG" or image.getexif().get(0x0112, 1) != 1:
            return None
        whole = Image.new("L", image.size)
        whole.thumbnail((SIZE, SIZE))
        _, box = image.draft(None, (int(whole.width * gap), int(whole.height * gap)))
        small = image.resize(whole.size, Image.Resampling.LANCZOS, box).convert("RGB")
    file = io.BytesIO()
    small.save(file, "JPEG", icc_profile=small.info.get("icc_profile"))
    return file.getvalue()


def check(paths: list[str], name: str, targets: list[str]) -> None:
    if len(targets) != len(paths):
        sys.exit(f"thumbnail_photos: {name} has {len(targets)} thumbnails of {len(paths)} pictures")
    for path, target in zip(paths, targets, strict=True):
        if name in GAPS and (expected := pillows_once(path, GAPS[name])) not in (None, Path(target).read_bytes()):
            sys.exit(f"thumbnail_photos: {name} differs from Pillow's {len(expected)} bytes for {path}")


pillows_once = functools.cache(pillows)


def pictures_below(folder: str) -> list[str]:
    """Those that every method can read."""
    from threadpool.imaging.names import pictures_below
    from threadpool.imaging.picture import suffixes

    paths = []
    for found in pictures_below(folder, os.devnull, suffixes()):
        if isinstance(found, tuple):
            try:
                with Image.open(found[0]) as image:
                    image.convert("RGB")
            except Exception:
                continue
            paths.append(found[0])
    return paths


def photographs(folder: Path, progressive: bool) -> list[str]:
    """Photographs as cameras take them, sharp or not, with their noise."""
    import numpy

    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        sys.exit("thumbnail_photos: needs scikit-image: pip install 'threadpool-ft[demo]'")
    noise = numpy.random.default_rng(0).normal(0, 4, (3000, 4000, 1))
    paths = []
    for name in PHOTOGRAPHS:
        with Image.open(Path(package.origin).parent / "data" / name) as image:
            large = image.convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC)
        taken = Image.fromarray((numpy.asarray(large) + noise).clip(0, 255).astype("uint8"))
        path = folder / f"{Path(name).stem}.jpg"
        taken.save(path, quality=88, progressive=progressive)
        paths.append(str(path))
    return paths * COPIES


def compare(what: str, paths: list[str], workers: int, rounds: int) -> None:
    size = sum(os.path.getsize(path) for path in paths)
    print(f"Thumbnails of {len(paths):,} {what}, {size / 1e6:,.1f} MB, {SIZE} pixels")
    print(describe(workers, rounds))
    seconds = measure(METHODS, paths, workers, rounds, functools.partial(check, paths))
    print_table(METHODS, seconds, "multiprocessing.Pool", "pictures/s", len(paths), paths, workers)
    print("\nThe thumbnails of JPEGs are, byte for byte, those that Pillow makes of what it decodes at the same scale.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()

    import threadpool

    workers = threadpool.workers()
    if arguments.folder is None:
        for what, progressive in (("JPEGs of 12 megapixels", False), ("progressive JPEGs of 12 megapixels", True)):
            with tempfile.TemporaryDirectory() as made:
                compare(what, photographs(Path(made), progressive), workers, arguments.rounds)
            print()
    elif paths := pictures_below(arguments.folder):
        compare(f"pictures below {arguments.folder}", paths, workers, arguments.rounds)
    else:
        print(f"thumbnail_photos: no pictures below {arguments.folder}")


if __name__ == "__main__":
    main()
