"""hash_files and hash_tree, against hashlib and sha256sum."""

import hashlib
import itertools
import os
import socket
import sys

import pytest

from threadpool.hashing import hash_files, hash_tree

# Around the size of one read.
SIZES = [0, 1, 63, 64, 65, 65535, 65536, 65537, 131071, 131072, 131073, 1_000_000]


@pytest.fixture
def tree(tmp_path):
    for size in SIZES:
        (tmp_path / f"file-{size}").write_bytes(os.urandom(size))
    for name in ("sub/a", "sub/deeper/b", "sub-c", "sub/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def expected(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_files_in_the_order_given(tree):
    paths = [str(path) for path in tree.rglob("*") if path.is_file()]
    assert list(hash_files(iter(paths))) == [(path, expected(path)) for path in paths]
    assert list(hash_files([tree / "sub-c"])) == [(str(tree / "sub-c"), expected(tree / "sub-c"))]
    assert list(hash_files([])) == []


def test_a_tree_sorted_by_the_bytes_of_the_path(tree):
    found = list(hash_tree(tree))
    paths = sorted((str(path) for path in tree.rglob("*") if path.is_file()), key=os.fsencode)
    assert found == [(path, expected(path)) for path in paths]


def test_more_files_than_threads(tmp_path):
    for i in range(2000):
        (tmp_path / str(i)).write_bytes(b"x" * i)
    assert [digest for _, digest in hash_files([tmp_path / str(i) for i in range(2000)])] == [
        hashlib.sha256(b"x" * i).hexdigest() for i in range(2000)
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links and sockets")
def test_only_regular_files(tree, monkeypatch):
    monkeypatch.chdir(tree)
    (tree / "loop").symlink_to(tree)
    (tree / "link").symlink_to("sub-c")
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        names = {os.path.basename(path) for path, _ in hash_tree(".")}
    assert names == {f"file-{size}" for size in SIZES} | {"a", "b", "sub-c", ".hidden"}
    assert [path for path, _ in hash_tree("sub")] == ["sub/.hidden", "sub/a", "sub/deeper/b"]


def test_a_file_that_cannot_be_read_raises_at_its_place(tree):
    results = hash_files([tree / "sub-c", tree / "missing", tree / "file-1"])
    assert next(results)[0] == str(tree / "sub-c")
    with pytest.raises(FileNotFoundError) as caught:
        next(results)
    assert caught.value.filename == str(tree / "missing")


def test_with_onerror_the_others_go_on(tree):
    errors = []
    paths = [
        tree / "missing",
        *(tree / f"file-{size}" for size in SIZES),
        tree / "sub",
        tree / "sub-c" / "below-a-file",
    ]
    results = list(hash_files(paths, onerror=errors.append))
    assert [path for path, _ in results] == [str(tree / f"file-{size}") for size in SIZES]
    assert [(type(error), error.filename) for error in errors] == [
        (FileNotFoundError, str(tree / "missing")),
        (IsADirectoryError, str(tree / "sub")),
        (NotADirectoryError, str(tree / "sub-c" / "below-a-file")),
    ]


def test_folders_that_cannot_be_listed(tree):
    with pytest.raises(FileNotFoundError):
        list(hash_tree(tree / "missing"))
    with pytest.raises(NotADirectoryError):
        list(hash_tree(tree / "sub-c"))
    errors = []
    assert list(hash_tree(tree / "missing", onerror=errors.append)) == []
    assert errors[0].filename == str(tree / "missing")


def test_bad_paths_raise_at_their_place(tree):
    for path, error, words in (
        (3, TypeError, r"paths\[1\] must be a path \(str, bytes or os.PathLike\), not 'int'"),
        ("b\0c", ValueError, r"paths\[1\] must be a path without null characters"),
    ):
        results = hash_files([tree / "sub-c", path, tree / "file-1"])
        assert next(results)[0] == str(tree / "sub-c")
        with pytest.raises(error, match=words):
            next(results)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((["a"], "sha257"), ValueError, "algorithm must be one of 'sha256', 'sha1', .*'crc32', not 'sha257'"),
        ((["a"], ["sha256"]), ValueError, "algorithm must be one of"),
        ((5,), TypeError, "paths must be an iterable of paths, not 'int'"),
        (("folder",), TypeError, "paths must be an iterable of paths, not one: 'folder'"),
        ((b"folder",), TypeError, "paths must be an iterable of paths, not one: b'folder'"),
    ],
)
def test_bad_arguments(arguments, error, words):
    with pytest.raises(error, match=words):
        hash_files(*arguments)


def test_bad_arguments_of_a_tree(tree):
    with pytest.raises(TypeError, match="folder must be a path"):
        hash_tree(None)
    with pytest.raises(TypeError, match="onerror must be callable, not 'int'"):
        hash_tree(tree, onerror=5)
    with pytest.raises(TypeError, match="progress must be a bool, a description or a callable, not 'int'"):
        hash_tree(tree, progress=5)
    with pytest.raises(ValueError, match="algorithm"):
        hash_tree(tree / "missing", "sha257")


def test_paths_are_read_as_results_are_asked_for(tree):
    read = []

    def endless():
        for number in itertools.count():
            read.append(number)
            yield tree / "file-1"

    results = hash_files(endless())
    assert read == []
    assert len(list(itertools.islice(results, 1000))) == 1000
    assert len(read) < 100_000
    results.close()


def test_progress_with_a_length_and_without(tree):
    paths = [tree / f"file-{size}" for size in SIZES] + [tree / "missing"]
    for given, total in ((paths, len(paths)), (iter(paths), None)):
        told = []
        results = hash_files(
            given, onerror=lambda error: None, progress=lambda *figures, told=told: told.append(figures)
        )
        assert told == []
        assert len(list(results)) == len(SIZES)
        assert told[-1] == (len(paths), len(paths))
        assert told.count(told[-1]) == 1
        assert {figure for _, figure in told[:-1]} == {total}
        assert told == sorted(told)


def test_progress_of_a_tree(tree):
    told = []
    files = len(list(hash_tree(tree, progress=lambda *figures: told.append(figures))))
    assert told[0] == (1, None)
    assert told[-1] == (files, files)
    list(hash_tree(tree / "missing", onerror=lambda error: None, progress=lambda *figures: told.append(figures)))
    assert told[-1] == (1, 1)  # an error


def test_a_bar(tree, capsys):
    pytest.importorskip("tqdm", reason="the progress extra is not installed")
    files = len(list(hash_tree(tree, progress="hashing")))
    drawn = capsys.readouterr().err
    assert "hashing: " in drawn
    assert f"{files}/{files}" in drawn
