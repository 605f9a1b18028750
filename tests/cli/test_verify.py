"""threadpool verify: what sha256sum --check prints, and its exit codes."""

import hashlib
import os
import signal
import subprocess
import sys

import pytest

from threadpool.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs file names of any bytes")

EMPTY = hashlib.sha256().hexdigest().encode()
WRONG = b"0" * 64
TAGGED = b"SHA256 (%s) = " + EMPTY + b"\n"

MANIFESTS = {
    "good": EMPTY + b"  file\n" + EMPTY + b" *file\r\n" + TAGGED % b"file",
    "one-blank": EMPTY + b" file\n" + EMPTY + b"  file\n",
    "names": b"".join(
        [
            *(b"\\" + EMPTY + b"  new\\nline\n", b"\\" + EMPTY + b"  all\\n\\\\\\r\n", b"\\" + TAGGED % b"new\\nline"),
            *(
                b"\\" + EMPTY + b"  back\\\\slash\n",
                EMPTY + b"  back\\slash\n",
                b"\\" + EMPTY + b"  carriage\\rreturn\n",
            ),
            *(EMPTY + b"  \xff\n", EMPTY.upper() + b"   blank\n", EMPTY + b"  '\n", EMPTY + "  ünïcödé 🐍\n".encode()),
        ]
    ),
    "unreadable": b"".join(
        EMPTY + b"  " + name + b"\n" for name in (b"missing", b".", b"file/below", b"gone\tto: *it'")
    ),
    "unreadable-names": b"\\"
    + EMPTY
    + b"  missing\\nand\\\\\\r\n"
    + TAGGED % b""
    + EMPTY
    + b"  it's\n"
    + EMPTY
    + b"  #\xff\n",
    "one-unreadable": EMPTY + b"  file\n" + EMPTY + b"  missing\n",
    "wrong": EMPTY + b"  file\n" + WRONG + b"  file\n",
    "wrong-twice": WRONG + b"  file\n" + b"\\" + WRONG + b"  new\\nline\n",
    "malformed": b"nonsense\n" + EMPTY + b"  file\n" + EMPTY + b"\n\n# comment\n" + b"\\" + EMPTY + b"  a\\tb\n",
    "malformed-once": EMPTY + b"  file\nnonsense",
    "nothing": b"",
    "nothing-good": b"nonsense\n# comment\n\n" + EMPTY[:-1] + b"  file\n",
    "everything": b"".join(
        [WRONG + b"  file\n", EMPTY + b"  missing\n", b"nonsense\n", EMPTY + b"  file\n", EMPTY + b"  new\\nline\n"]
    ),
    "only-missing": EMPTY + b"  missing\n" + EMPTY + b"  missing too\n",
    "missing-and-malformed": EMPTY + b"  missing\nnonsense\n",
    "missing-and-wrong": EMPTY + b"  missing\n" + WRONG + b"  file\n",
    "with a blank": b"nonsense\n" + EMPTY + b"  file\n",
    "new\nline": b"nonsense\n",
    "dash": EMPTY + b"  -\n" + EMPTY + b"  file\n" + EMPTY + b"  -\n",
}

OPTIONS = [
    *([], ["--quiet"], ["--status"], ["--warn"], ["-w", "--strict"], ["--strict"], ["--strict", "--status"]),
    *(
        ["--ignore-missing"],
        ["--ignore-missing", "--quiet"],
        ["--ignore-missing", "--status"],
        ["--ignore-missing", "-w"],
    ),
    *(["--quiet", "--warn"], ["--warn", "--quiet"], ["--status", "--quiet"], ["--warn", "--status"]),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (b"file", b"new\nline", b"all\n\\\r", b"back\\slash", b"carriage\rreturn", b"\xff", b" blank", b"'"):
        with open(name, "wb"):
            pass
    (tmp_path / "ünïcödé 🐍").touch()
    (tmp_path / "manifests").mkdir()
    for name, lines in MANIFESTS.items():
        (tmp_path / "manifests" / name).write_bytes(lines)
    return tmp_path


def prefixed(done):
    """What coreutils said, with our name."""
    return done.returncode, done.stdout, done.stderr.replace(b"sha256sum: ", b"threadpool verify: ")


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("manifest", [name for name in MANIFESTS if name != "dash"])
def test_byte_for_byte_as_sha256sum(manifest, options, folder, coreutils, capfdbinary):
    theirs = coreutils("sha256sum", "--check", *options, f"manifests/{manifest}")
    code = main(["verify", *options, f"manifests/{manifest}"])
    assert (code, *capfdbinary.readouterr()) == prefixed(theirs)


@pytest.mark.parametrize(
    "manifests", [["good", "wrong", "everything"], ["good", "missing", "nothing", "good"], ["nothing", "good"]]
)
@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_several_manifests(manifests, options, folder, coreutils, capfdbinary):
    os.chdir("manifests")
    (folder / "manifests" / "file").touch()
    theirs = coreutils("sha256sum", "--check", *options, *manifests)
    code = main(["verify", *options, *manifests])
    assert (code, *capfdbinary.readouterr()) == prefixed(theirs)


@pytest.mark.parametrize(
    "command",
    [
        "CHECK <manifests/good",
        "cat manifests/everything | CHECK --warn -",
        "CHECK --warn <manifests/dash",
        "CHECK manifests/dash <file",
        "printf abc | CHECK manifests/dash",
        "CHECK manifests/good - manifests/wrong - <manifests/malformed",
        "CHECK -w /dev/stdin <manifests/malformed",
    ],
)
def test_standard_input(command, folder, coreutils):
    theirs = coreutils("sh", "-c", command.replace("CHECK", "sha256sum --check"))
    ours = shell(command.replace("CHECK", '"$PY" -m threadpool verify'))
    assert (ours.returncode, ours.stdout, ours.stderr) == prefixed(theirs)


def shell(command):
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, timeout=60, env={**os.environ, "PY": sys.executable}
    )


def test_closed_and_full_files(folder):
    python = '"$PY" -m threadpool verify'
    for redirection, words in (
        ("<&-", "'standard input': Bad file descriptor"),
        ("manifests/good >&-", "standard output is closed"),
        ("manifests/good >/dev/full", "standard output: No space left on device"),
    ):
        done = shell(f"{python} {redirection}")
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.decode() == f"threadpool verify: {words}\n"
    for redirection in ("2>&-", "2>/dev/full"):
        done = shell(f"{python} manifests/one-unreadable {redirection}")
        assert (done.returncode, done.stdout) == (1, b"file: OK\nmissing: FAILED open or read\n")


def test_a_manifest_that_is_a_folder(folder, capfdbinary):
    assert main(["verify", "manifests/good", ".", "manifests/good"]) == 1
    assert capfdbinary.readouterr() == (b"file: OK\n" * 6, b"threadpool verify: .: Is a directory\n")


def test_output_and_errors_in_order(folder):
    done = shell('"$PY" -m threadpool verify --warn manifests/everything 2>&1')
    assert done.stdout.decode().splitlines()[:4] == [
        "file: FAILED",
        "threadpool verify: missing: No such file or directory",
        "missing: FAILED open or read",
        "threadpool verify: manifests/everything: 3: improperly formatted SHA256 checksum line",
    ]


def test_a_manifest_is_read_as_files_are_verified_and_the_reader_may_leave(folder):
    """Nobody could hold the manifest: there is no end to it."""
    (folder / "many").write_bytes((EMPTY + b"  file\n") * 1000)
    done = shell('{ while cat many; do :; done; } 2>/dev/null | "$PY" -m threadpool verify | head -n 3000')
    assert (done.stderr, done.stdout) == (b"", b"file: OK\n" * 3000)


def test_ctrl_c_while_the_manifest_is_awaited(folder):
    command = [sys.executable, "-m", "threadpool", "verify", "manifests/wrong", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        # That of the first manifest: what was printed has been flushed, so the second one is next.
        assert process.stderr.readline() == b"threadpool verify: WARNING: 1 computed checksum did NOT match\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == b""


@pytest.mark.parametrize("algorithm", ["sha1", "md5"])
def test_other_algorithms(algorithm, folder, coreutils):
    lines = coreutils(f"{algorithm}sum", "file", "new\nline").stdout
    lines += coreutils(f"{algorithm}sum", "--tag", "file", "new\nline").stdout + b"nonsense\n"
    (folder / "lines").write_bytes(lines)
    theirs = coreutils(f"{algorithm}sum", "--check", "--warn", "lines")
    ours = shell(f'"$PY" -m threadpool verify --algorithm {algorithm} --warn lines')
    assert (ours.returncode, ours.stdout) == (0, theirs.stdout)
    assert ours.stderr == theirs.stderr.replace(f"{algorithm}sum: ".encode(), b"threadpool verify: ")


def test_progress(folder):
    pytest.importorskip("tqdm", reason="the progress extra is not installed")
    done = shell('"$PY" -m threadpool verify --progress manifests/good')
    assert (done.returncode, done.stdout) == (0, b"file: OK\n" * 3)
    assert b"3/3" in done.stderr
