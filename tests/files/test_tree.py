"""The walk below hash_tree: its order, its memory, and trees that change or cannot be listed."""

import errno
import os
import shutil
import sys
import tracemalloc
from contextlib import contextmanager

import pytest

from threadpool.files.tree import regular_files
from threadpool.hashing import hash_files, hash_tree


def make(folder, *names):
    for name in names:
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb"):
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
@pytest.mark.parametrize("start", [".", "./", ".//", "a", "a/", "missing/../a"])
def test_the_order_is_that_of_the_whole_path(start, tmp_path, coreutils, monkeypatch):
    """A separator comes after a blank, '!' and '-', before digits and letters; bytes over 127 after all characters."""
    names = [
        b"a/a/b",
        b"a/a-b",
        b"a/a b/c",
        b"a/a!",
        b"a/a0",
        b"a/a.",
        b"a/ab/a/b",
        b"a/ab/a-",
        b"a/a\n/c",
        b"a-",
        b"-",
    ]
    make(os.fsencode(tmp_path), *names, b"a/\xff/x", b"a/\xff-", "a/🐍".encode(), "a/ü/ü".encode(), b"a/\xc3", b".b/.x")
    (tmp_path / "missing").mkdir()
    monkeypatch.chdir(tmp_path)
    found = coreutils("sh", "-c", 'find "$0" -type f -print0 | LC_ALL=C sort -z', start).stdout.split(b"\0")[:-1]
    assert len(found) >= 14
    assert [os.fsencode(path) for path in regular_files(start)] == found


def test_nothing_is_listed_before_its_turn(tmp_path, monkeypatch):
    make(tmp_path, "a/1", "b/1", "b/2", "c/1")
    listed = []

    def scandir(path, scandir=os.scandir):
        listed.append(os.path.relpath(os.fsdecode(path), tmp_path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scandir)
    hash_tree(tmp_path)
    files = regular_files(str(tmp_path))
    assert listed == []
    assert [os.path.relpath(next(files), tmp_path) for _ in range(3)] == [
        os.path.join("a", "1"),
        os.path.join("b", "1"),
        os.path.join("b", "2"),
    ]
    assert listed == [".", "a", "b"]


@pytest.mark.thread_unsafe(reason="measures memory")
def test_memory_is_that_of_the_folders_on_the_way(tmp_path):
    for folder in range(100):
        os.mkdir(tmp_path / f"{folder:02}")
        for file in range(500):
            os.close(os.open(tmp_path / f"{folder:02}" / f"{file:03}", os.O_CREAT | os.O_WRONLY))
    tracemalloc.start()
    try:
        count = sum(1 for _ in regular_files(str(tmp_path)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 50_000
    assert peak < 500_000  # all paths take more than ten times that


def test_what_vanishes_is_an_error_at_its_place(tmp_path):
    make(tmp_path, "a/1", "b/1", "c/1")
    files = regular_files(str(tmp_path))
    assert next(files) == str(tmp_path / "a" / "1")
    shutil.rmtree(tmp_path / "b")
    error = next(files)
    assert (type(error), error.filename) == (FileNotFoundError, str(tmp_path / "b"))
    assert list(files) == [str(tmp_path / "c" / "1")]


def test_a_file_that_vanishes_once_it_is_listed(tmp_path):
    make(tmp_path, "1", "2", "3")

    def vanishing():
        for path in regular_files(str(tmp_path)):
            if path.endswith("2"):
                os.unlink(path)
            yield path

    order = []
    for path, _ in hash_files(vanishing(), onerror=lambda error: order.append((type(error), error.filename))):
        order.append(path)
    one, two, three = (str(tmp_path / name) for name in "123")
    assert order == [one, (FileNotFoundError, two), three]


def test_a_folder_that_cannot_be_listed_is_an_error_between_its_neighbours(tmp_path, monkeypatch):
    make(tmp_path, "a/1", "b/1", "c/1")
    one, two, three = (str(tmp_path / name) for name in ("a/1", "b", "c/1"))

    def scandir(path, scandir=os.scandir):
        if os.fsdecode(path) == two:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scandir)
    order = []
    for path, _ in hash_tree(tmp_path, onerror=lambda error: order.append((type(error), error.filename))):
        order.append(path)
    assert order == [one, (PermissionError, two), three]
    results = hash_tree(tmp_path)
    assert next(results)[0] == one
    with pytest.raises(PermissionError):
        next(results)


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_a_link_is_followed_only_where_it_is_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make("folder", "file")
    os.symlink("folder", "link")
    os.symlink("..", "folder/loop")
    os.symlink("file", "folder/link")
    os.symlink("nowhere", "folder/dangling")
    assert list(regular_files("link")) == ["link/file"]
    assert list(regular_files(".")) == ["./folder/file"]


@contextmanager
def folders_within_each_other(name, depth):
    """Goes to the last of them. They are removed one by one: shutil.rmtree is recursive in older versions."""
    for _ in range(depth):
        os.mkdir(name)
        os.chdir(name)
    make(".", "file")
    try:
        yield
    finally:
        os.unlink("file")
        for _ in range(depth):
            os.chdir("..")
            os.rmdir(name)


def test_a_tree_deeper_than_the_recursion_limit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with folders_within_each_other("a", sys.getrecursionlimit() + 100):
        assert len(list(hash_tree(tmp_path))) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="PATH_MAX is 4096 there")
def test_a_tree_deeper_than_paths_may_be_long(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "a", "z")
    with folders_within_each_other("b" * 200, 25):
        *first, error, last = regular_files(str(tmp_path))
    assert [*first, last] == [str(tmp_path / "a"), str(tmp_path / "z")]
    assert (error.errno, len(error.filename) > 4000) == (errno.ENAMETOOLONG, True)
