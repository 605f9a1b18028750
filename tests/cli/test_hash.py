"""threadpool hash: what sha256sum prints, and how it fails."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

coreutils = pytest.mark.skipif(not shutil.which("sha256sum"), reason="compares with sha256sum of GNU coreutils")


IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
# Root may read everything, unless it gives that up.
WITHOUT_PRIVILEGES = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if IS_ROOT else []


def threadpool(*arguments, cwd=None, prefix=()):
    command = [*prefix, sys.executable, "-m", "threadpool", *arguments]
    return subprocess.run(command, capture_output=True, cwd=cwd, timeout=60)


UNUSUAL = [
    b"plain",
    b" leading",
    b"trailing ",
    b"back\\slash",
    b"new\nline",
    b"return\rcarriage",
    b"\\",
    b"not-utf-8-\xff\xfe",
    "ünïcödé 🐍".encode(),
    b"-option",
    b"*star",
    b"tab\there",
    b"quote'\"",
]


@coreutils
@pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
def test_byte_for_byte_what_sha256sum_prints(tmp_path):
    folder = os.fsencode(tmp_path)
    for name in UNUSUAL:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(name)
    os.mkdir(os.path.join(folder, b"sub\\folder"))
    with open(os.path.join(folder, b"sub\\folder", b"file"), "wb") as file:
        file.write(b"below")
    ours = threadpool("hash", ".", cwd=tmp_path)
    names = subprocess.run(
        "find . -type f -print0 | LC_ALL=C sort -z", shell=True, cwd=tmp_path, capture_output=True, check=True
    )
    theirs = subprocess.run(
        ["xargs", "-0", "sha256sum"], input=names.stdout, cwd=tmp_path, capture_output=True, check=True
    )
    assert ours.stderr == b""
    assert ours.returncode == 0
    assert ours.stdout == theirs.stdout
    checked = subprocess.run(["sha256sum", "--check", "--quiet"], input=ours.stdout, cwd=tmp_path, capture_output=True)
    assert (checked.returncode, checked.stdout) == (0, b"")


def test_files_and_several_folders(tmp_path):
    for name in ("a/1", "b/2", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    done = threadpool("hash", "b", "c", "a", cwd=tmp_path)
    lines = [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}" for name in ("b/2", "c", "a/1")]
    assert done.stdout.decode().splitlines() == [line.replace("/", os.sep) for line in lines]


def test_a_missing_folder_is_one_line_and_exit_code_1(tmp_path):
    (tmp_path / "there").write_text("there")
    done = threadpool("hash", "missing", "there", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == ["threadpool hash: missing: No such file or directory"]
    assert done.stdout.split() == [hashlib.sha256(b"there").hexdigest().encode(), b"there"]


def test_a_file_that_cannot_be_read_among_many(tmp_path):
    names = [f"{i:04}" for i in range(1000)]
    for name in names:
        (tmp_path / name).write_text(name)
    (tmp_path / "0500").unlink()
    done = threadpool("hash", *names, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == ["threadpool hash: 0500: No such file or directory"]
    assert [line.split()[1].decode() for line in done.stdout.splitlines()] == [name for name in names if name != "0500"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
@pytest.mark.skipif(IS_ROOT and not shutil.which("setpriv"), reason="root may read everything")
def test_a_file_and_a_folder_without_permission(tmp_path):
    for name in ("a", "b", "c/d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "a").chmod(0)
    (tmp_path / "c").chmod(0)
    try:
        done = threadpool("hash", ".", cwd=tmp_path, prefix=WITHOUT_PRIVILEGES)
    finally:
        (tmp_path / "c").chmod(0o700)
    assert done.returncode == 1
    assert sorted(done.stderr.decode().splitlines()) == [
        "threadpool hash: ./a: Permission denied",
        "threadpool hash: ./c: Permission denied",
    ]
    assert done.stdout.split()[1:] == [b"./b"]


def test_a_reader_that_has_gone(tmp_path):
    for i in range(3000):
        (tmp_path / f"{i:04}").touch()
    with subprocess.Popen(
        [sys.executable, "-m", "threadpool", "hash", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def shell(command, cwd):
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, cwd=cwd, timeout=60, env={**os.environ, "PY": sys.executable}
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs a shell and /dev/full")
def test_closed_and_full_outputs(tmp_path):
    (tmp_path / "file").write_text("abc")
    line = f"{hashlib.sha256(b'abc').hexdigest()}  file\n".encode()
    for redirection in ("2>&-", "2>/dev/full", "2>/dev/null"):
        done = shell(f'"$PY" -m threadpool hash missing file {redirection}', tmp_path)
        assert (done.returncode, done.stdout) == (1, line)
    for redirection, words in ((">&-", "standard output is closed"), (">/dev/full", "No space left on device")):
        for command in ("hash file", "info"):
            done = shell(f'"$PY" -m threadpool {command} {redirection}', tmp_path)
            assert done.returncode == 1
            assert words in done.stderr.decode()
            assert len(done.stderr.splitlines()) == 1


def test_a_bad_variable_is_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "threadpool", "info"],
        capture_output=True,
        text=True,
        env={**os.environ, "THREADPOOL_WORKERS": "bogus"},
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "THREADPOOL_WORKERS" in done.stderr
