"""verify: files against a manifest, with what is wrong at its place."""

import hashlib
import io
import itertools
import os
import pathlib
import sys
import tracemalloc

import pytest

from threadpool import ManifestError
from threadpool.hashing import hash_tree, verify
from threadpool.hashing.manifest import line


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Four files, the current directory, and a manifest of them, of which one is missing and one has changed."""
    monkeypatch.chdir(tmp_path)
    lines = []
    for name in ("good", "changed", "missing", "last"):
        (tmp_path / name).write_text(name)
        lines.append(line(name, hashlib.sha256(name.encode()).hexdigest()))
    (tmp_path / "changed").write_text("otherwise")
    (tmp_path / "missing").unlink()
    (tmp_path / "manifest").write_bytes(b"".join([*lines[:2], b"# comment\n", b"nonsense\n", *lines[2:]]))
    return tmp_path


def outcome(results, errors):
    """Results and errors, as they came."""
    for result in results:
        errors.append(result)
    return [error if isinstance(error, tuple) else str(error) for error in errors]


EXPECTED = [
    ("good", True),
    ("changed", False),
    "manifest:4: improperly formatted SHA256 checksum line",
    "[Errno 2] No such file or directory: 'missing'",
    ("last", True),
]


@pytest.mark.parametrize("manifest", ["manifest", b"manifest", pathlib.Path("manifest")])
def test_everything_in_the_order_of_the_manifest(folder, manifest):
    order = []
    assert outcome(verify(manifest, onerror=order.append), order) == EXPECTED


def test_a_manifest_that_is_open(folder):
    order = []
    with open("manifest", "rb") as file:
        assert outcome(verify(file, onerror=order.append), order) == EXPECTED
        assert not file.closed


def test_without_onerror_the_first_is_raised_at_its_place(folder):
    results = verify("manifest")
    assert [next(results), next(results)] == EXPECTED[:2]
    with pytest.raises(ManifestError) as caught:
        next(results)
    assert (caught.value.manifest, caught.value.line) == ("manifest", 4)
    lines = (folder / "manifest").read_bytes().splitlines(keepends=True)
    results = verify(io.BytesIO(b"".join(lines[4:])))
    with pytest.raises(FileNotFoundError) as missing:
        next(results)
    assert missing.value.filename == "missing"


def test_a_file_without_a_name(folder):
    with pytest.raises(ManifestError, match=r"^manifest:1: improperly formatted SHA256"):
        next(verify(io.BytesIO(b"nonsense")))


@pytest.mark.parametrize("algorithm", ["sha1", "md5"])
def test_other_algorithms(folder, algorithm):
    digest = hashlib.new(algorithm, b"good").hexdigest()
    lines = io.BytesIO(line("good", digest) + f"{algorithm.upper()} (last) = {digest}".encode())
    assert list(verify(lines, algorithm)) == [("good", True), ("last", False)]


def test_what_hash_tree_found(folder):
    (folder / "found").write_bytes(b"".join(line(path, digest) for path, digest in hash_tree(".")))
    results = list(verify("found"))
    assert [os.path.basename(path) for path, _ in results] == ["changed", "good", "last", "manifest"]
    assert all(matches for _, matches in results)


def test_nothing_is_read_before_the_first_result_is_asked_for(folder):
    results = verify("later")
    (folder / "manifest").rename("later")
    assert next(results) == ("good", True)
    results.close()


def test_a_manifest_that_cannot_be_read(folder):
    errors = []
    for name, error in (("nowhere", FileNotFoundError), (".", IsADirectoryError if os.name == "posix" else OSError)):
        with pytest.raises(error):
            next(verify(name, onerror=errors.append))
    assert errors == []


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("manifest", "sha257"), ValueError, "algorithm must be one of 'sha256', .*, not 'sha257'"),
        ((3,), TypeError, "manifest must be a path or a file of bytes, not 'int'"),
        ((io.StringIO(),), TypeError, "manifest must be a path or a file of bytes, not 'StringIO'"),
        (("a\0b",), ValueError, "manifest must be a path without null characters"),
    ],
)
def test_bad_arguments(arguments, error, words):
    with pytest.raises(error, match=words):
        verify(*arguments)
    with pytest.raises(TypeError, match="onerror must be callable"):
        verify("manifest", onerror=5)


class Endless(io.RawIOBase):
    """A manifest without an end, as a pipe may be."""

    def __init__(self, *lines):
        self.lines = itertools.cycle(lines)
        self.read_lines = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        line = next(self.lines)
        self.read_lines += 1
        buffer[: len(line)] = line
        return len(line)


@pytest.mark.thread_unsafe(reason="measures memory")
@pytest.mark.parametrize("malformed", [0, 50])
def test_an_endless_manifest_takes_bounded_memory(folder, malformed):
    """However few of its lines name a file."""
    endless = Endless(line("good", hashlib.sha256(b"good").hexdigest()), *[b"nonsense\n"] * malformed)
    errors = []
    results = verify(io.BufferedReader(endless), onerror=lambda error: errors.append(error.line))
    next(results)
    tracemalloc.start()
    try:
        count = sum(matches for _, matches in itertools.islice(results, 5000 // (malformed + 1)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    results.close()
    assert count == 5000 // (malformed + 1)
    assert len(errors) >= count * malformed
    assert peak < 5_000_000


def test_progress(folder):
    told = []
    list(verify("manifest", onerror=lambda error: None, progress=lambda *figures: told.append(figures)))
    assert told[0] == (1, None)
    assert told[-1] == (5, 5)


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
def test_a_name_that_is_not_utf_8(folder):
    with open(b"\xff", "wb"):
        pass
    assert list(verify(io.BytesIO(hashlib.sha256().hexdigest().encode() + b"  \xff\n"))) == [("\udcff", True)]
