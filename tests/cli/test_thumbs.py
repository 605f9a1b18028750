"""threadpool thumbs."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("PIL", reason="the images extra is not installed")

from PIL import Image


def threadpool(*arguments, **options):
    command = [sys.executable, "-m", "threadpool", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=60, text=True, **options)


@pytest.fixture
def pictures(tmp_path):
    for name in ("a/1.jpg", "a/b/2.png", "c/1.jpg", "d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (400, 200), "red").save(tmp_path / name)
    return tmp_path


def thumbnails(folder):
    """The sizes, by the path."""
    sizes = {}
    for place, _, names in os.walk(folder):
        for name in names:
            with Image.open(os.path.join(place, name)) as image:
                sizes[os.path.relpath(os.path.join(place, name), folder).replace(os.sep, "/")] = image.size
    return sizes


def test_a_folder(pictures):
    done = threadpool("thumbs", "a", "out", cwd=pictures)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert thumbnails(pictures / "out") == {"1.jpg": (320, 160), "b/2.jpg": (320, 160)}


def test_files_and_folders(pictures):
    done = threadpool("thumbs", "--size", "100x80", "a", "d.png", "c/1.jpg", os.path.join("c", ""), "out", cwd=pictures)
    assert (done.returncode, done.stderr) == (0, "")
    names = ["1.jpg", "a/1.jpg", "a/b/2.jpg", "c/1.jpg", "d.jpg"]
    assert thumbnails(pictures / "out") == dict.fromkeys(names, (100, 50))


def test_the_current_folder_with_the_thumbnails_in_it(pictures):
    for _ in range(2):
        done = threadpool("thumbs", ".", "out", "--size=50", cwd=pictures)
        assert (done.returncode, done.stderr) == (0, "")
        assert len(thumbnails(pictures / "out")) == 4


def test_formats_and_quality(pictures):
    done = threadpool("thumbs", "d.png", "out", "--format=webp", "--quality=50", "--filter=box", cwd=pictures)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(thumbnails(pictures / "out")) == ["d.webp"]


def test_a_contact_sheet(pictures):
    done = threadpool("thumbs", "a", "out", "--contact-sheet", "sheet.jpg", cwd=pictures)
    assert (done.returncode, done.stderr) == (0, "")
    assert (pictures / "sheet.jpg").exists()


def test_update(pictures):
    threadpool("thumbs", "a", "out", cwd=pictures)
    before = os.stat(pictures / "out" / "1.jpg").st_ino
    os.utime(pictures / "a" / "b" / "2.png", ns=(2**62, 2**62))
    older = os.stat(pictures / "out" / "b" / "2.jpg").st_mtime_ns
    done = threadpool("thumbs", "a", "out", "--update", cwd=pictures)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.stat(pictures / "out" / "1.jpg").st_ino == before
    assert os.stat(pictures / "out" / "b" / "2.jpg").st_mtime_ns > older


def test_what_fails_is_one_line_each_and_exit_code_1(pictures):
    (pictures / "a" / "it's broken.jpg").write_bytes(b"broken")
    done = threadpool("thumbs", "missing.jpg", "a", "out", "--max-pixels=80000", cwd=pictures)
    assert (done.returncode, done.stdout) == (1, "")
    broken = os.path.join("a", "it's broken.jpg")
    assert done.stderr.splitlines() == [
        "threadpool thumbs: missing.jpg: No such file or directory",
        f'threadpool thumbs: "{broken}": is no picture that can be read',
    ]
    assert len(thumbnails(pictures / "out")) == 2
    done = threadpool("thumbs", "d.png", "out", "--max-pixels=79999", cwd=pictures)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "threadpool thumbs: d.png: has 400 x 200 pixels, more than 79999\n"


def test_pillow_warns_nobody(pictures):
    jpeg = (pictures / "a" / "1.jpg").read_bytes()
    segment = b"MPF\0" + b"no list of pictures"
    (pictures / "a" / "1.jpg").write_bytes(jpeg[:2] + b"\xff\xe2" + (2 + len(segment)).to_bytes(2) + segment + jpeg[2:])
    with pytest.warns(UserWarning, match="malformed MPO"):
        Image.open(pictures / "a" / "1.jpg").close()
    done = threadpool("thumbs", "a", "out", cwd=pictures)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(thumbnails(pictures / "out")) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a", "."], "out_folder must not be the folder of the pictures, or above it: '.'"),
        (["d.png", "."], "d.png: is in the output folder"),
        (["a", "d.png"], "d.png: File exists"),
        (["a", "out", "--quality=0"], "quality must be from 1 to 100, not 0"),
        (["a", "out", "--contact-sheet=sheet.pdf"], "contact_sheet must end in one of .jpg, .png, .webp, .jpeg, not"),
        (["a", "out", "--contact-sheet=d.png/sheet.jpg"], "d.png/sheet.jpg: "),
    ],
)
def test_errors(pictures, arguments, words):
    done = threadpool("thumbs", *arguments, cwd=pictures)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith(f"threadpool thumbs: {words}")


@pytest.mark.parametrize("arguments", [["a"], ["a", "out", "--size=large"], ["a", "out", "--format=gif"]])
def test_usage_errors(pictures, arguments):
    done = threadpool("thumbs", *arguments, cwd=pictures)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: threadpool thumbs" in done.stderr


def test_progress(pictures):
    pytest.importorskip("tqdm", reason="the progress extra is not installed")
    done = threadpool("thumbs", "a", "out", "--progress", cwd=pictures)
    assert done.returncode == 0
    assert "2/2" in done.stderr
    assert threadpool("thumbs", "a", "out", "--no-progress", cwd=pictures).stderr == ""


def test_without_pillow(pictures):
    (pictures / "PIL").mkdir()
    (pictures / "PIL" / "__init__.py").write_text("raise ImportError")
    for path in ("a", "d.png"):
        done = threadpool("thumbs", path, "out", cwd=pictures)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "threadpool thumbs: thumbnails need Pillow: pip install 'threadpool-ft[images]'\n"
    assert threadpool("info", cwd=pictures).returncode == 0
