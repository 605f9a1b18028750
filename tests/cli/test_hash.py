"""threadpool hash: what sha256sum prints, what it reads, and how it fails."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
# Root may read everything, unless it gives that up.
WITHOUT_PRIVILEGES = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if IS_ROOT else []


def threadpool(*arguments, prefix=(), **options):
    command = [*prefix, sys.executable, "-m", "threadpool", *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, **options)


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


@pytest.fixture
def unusual(tmp_path):
    folder = os.fsencode(tmp_path)
    for name in UNUSUAL:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(name)
    os.mkdir(os.path.join(folder, b"sub\\folder"))
    with open(os.path.join(folder, b"sub\\folder", b"file"), "wb") as file:
        file.write(b"below")
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_byte_for_byte_what_sha256sum_prints(unusual, algorithm, coreutils):
    program = f"{algorithm}sum"
    ours = threadpool("hash", "--algorithm", algorithm, ".", cwd=unusual)
    theirs = coreutils("sh", "-c", f"find . -type f -print0 | LC_ALL=C sort -z | xargs -0 {program}", cwd=unusual)
    assert (ours.returncode, ours.stderr) == (0, b"")
    assert ours.stdout == theirs.stdout
    assert len(ours.stdout.splitlines()) > len(UNUSUAL)
    checked = coreutils(program, "--check", "--quiet", input=ours.stdout, cwd=unusual)
    assert (checked.returncode, checked.stdout) == (0, b"")
    verified = threadpool("verify", "--algorithm", algorithm, "--quiet", input=ours.stdout, cwd=unusual)
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, b"", b"")


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


# Standard input, lists of names


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize(
    "command",
    [
        "HASH - <file",
        "printf abc | HASH -",
        "HASH file - missing file <other",
        "HASH - - <file",
        "printf abc | HASH - -",
        "(read line; HASH -) <lines",
        "HASH - <&-",
        "HASH ./-",
        "mkfifo pipe; printf abc >pipe & HASH pipe file; rm pipe",
        "HASH link",
        "HASH missing 'a b' \"$(printf 'new\\nline')\" ''",
    ],
)
def test_as_sha256sum(command, tmp_path, coreutils):
    for name in ("file", "other", "-"):
        (tmp_path / name).write_text(name)
    (tmp_path / "lines").write_bytes(b"first\n" + b"second\n" * 10_000)
    (tmp_path / "link").symlink_to("file")
    theirs = coreutils("sh", "-c", command.replace("HASH", "sha256sum"), cwd=tmp_path)
    ours = shell(command.replace("HASH", '"$PY" -m threadpool hash'), tmp_path)
    assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout)
    lines = theirs.stderr.splitlines(keepends=True)
    if "<&-" in command:
        del lines[1]  # sha256sum says twice that standard input is closed
    assert ours.stderr == b"".join(lines).replace(b"sha256sum", b"threadpool hash")


def test_a_folder_that_is_called_as_standard_input_is(tmp_path):
    (tmp_path / "-").mkdir()
    (tmp_path / "-" / "file").touch()
    done = threadpool("hash", "-", os.path.join(".", "-"), cwd=tmp_path, input=b"abc")
    names = [line.split()[1].decode() for line in done.stdout.splitlines()]
    assert names == ["-", os.path.join(".", "-", "file")]


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_links_to_folders_are_followed_as_operands_only(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "link").symlink_to("folder")
    done = threadpool("hash", "link", ".", cwd=tmp_path)
    assert [line.split(b"  ")[1] for line in done.stdout.splitlines()] == [b"link/file", b"./folder/file"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
def test_files0_from_a_pipe(unusual, coreutils):
    names = coreutils("find", ".", "-type", "f", "-print0", cwd=unusual).stdout
    theirs = coreutils("xargs", "-0", "sha256sum", input=names, cwd=unusual)
    assert threadpool("hash", "--files0-from=-", input=names, cwd=unusual).stdout == theirs.stdout
    (unusual / "names").write_bytes(names.removesuffix(b"\0"))
    assert threadpool("hash", "--files0-from=names", cwd=unusual).stdout == theirs.stdout


def test_files0_from_names_folders_and_standard_input(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "names").write_bytes(b"folder\0-\0")
    done = threadpool("hash", "--files0-from=names", cwd=tmp_path, input=b"abc")
    assert [line.split() for line in done.stdout.splitlines()] == [
        [hashlib.sha256(b"").hexdigest().encode(), os.path.join("folder", "file").encode()],
        [hashlib.sha256(b"abc").hexdigest().encode(), b"-"],
    ]


@pytest.mark.parametrize("names", [b"\0", b"file\0\0file\0\0missing\0", b"-\0file\0", b""])
@pytest.mark.parametrize("source", ["-", "a list"])
def test_files0_from_with_bad_names_as_wc(names, source, tmp_path, coreutils):
    (tmp_path / "file").touch()
    (tmp_path / "a list").write_bytes(names)
    theirs = coreutils("wc", f"--files0-from={source}", input=names, cwd=tmp_path)
    ours = threadpool("hash", f"--files0-from={source}", input=names, cwd=tmp_path)
    named = [line.split()[-1] for line in theirs.stdout.splitlines() if not line.endswith(b" total")]
    assert [line.split()[-1] for line in ours.stdout.splitlines()] == named
    assert ours.returncode == theirs.returncode
    assert ours.stderr == theirs.stderr.replace(b"wc: ", b"threadpool hash: ")


def test_files0_from_what_cannot_be_read(tmp_path):
    done = threadpool("hash", "--files0-from=missing", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().splitlines() == ["threadpool hash: missing: No such file or directory"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are not files there")
def test_names_are_read_as_files_are_hashed(tmp_path):
    """Nobody could hold all the names: there is no end to them."""
    (tmp_path / "file").touch()
    endless = "while :; do printf 'file\\0file\\0file\\0file\\0file\\0file\\0file\\0file\\0' || exit; done"
    done = shell(f'{{ {endless}; }} 2>/dev/null | "$PY" -m threadpool hash --files0-from=- | head -n 3000', tmp_path)
    assert (done.stderr, len(done.stdout.splitlines())) == (b"", 3000)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--files0-from=-", "a b"],
            b"error: extra operand 'a b'\nfile operands cannot be combined with --files0-from\n",
        ),
        (["--algorithm=sha257", "file"], b"invalid choice: 'sha257'"),
    ],
)
def test_usage_errors(arguments, words):
    done = threadpool("hash", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert words in done.stderr


def test_progress(tmp_path):
    pytest.importorskip("tqdm", reason="the progress extra is not installed")
    (tmp_path / "file").touch()
    done = threadpool("hash", "--progress", "file", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, threadpool("hash", "file", cwd=tmp_path).stdout)
    assert b"1/1" in done.stderr


def test_progress_without_tqdm(tmp_path):
    (tmp_path / "tqdm.py").write_text("raise ImportError")
    done = threadpool("hash", "--progress", "tqdm.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().splitlines() == [
        "threadpool hash: progress needs tqdm: pip install 'threadpool-ft[progress]'"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_progress_that_nobody_sees(tmp_path):
    (tmp_path / "file").touch()
    done = shell('"$PY" -m threadpool hash --progress file 2>&-', tmp_path)
    assert (done.returncode, done.stdout) == (0, threadpool("hash", "file", cwd=tmp_path).stdout)
