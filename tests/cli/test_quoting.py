"""Names in messages: what a shell takes for the name, and the words of coreutils."""

import os
import random
import shutil
import subprocess
import sys

import pytest

from threadpool.cli.quoting import quoted

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")

PIECES = [*map(chr, range(1, 128)), "a", "a", "'", "'", "ü", "🐍", "\udcff", "\x85"]
PIECES.remove("/")


def unusual_names():
    yield from ["", "~", "{", "}", "{}", "-a", *PIECES]
    for piece in PIECES:
        yield from ("a" + piece, piece + "'", "'" + piece)
    generator = random.Random(0)
    for _ in range(3000):
        yield "".join(generator.choices(PIECES, k=generator.randrange(2, 8)))


def test_as_coreutils_quotes_them(coreutils, tmp_path):
    # In names with both a quote and what cannot be printed, coreutils 9.1 quotes some twice, and loses others.
    names = [
        name for name in unusual_names() if name not in ("-", ".", "..") and ("'" not in name or name.isprintable())
    ]
    done = coreutils("sha256sum", "--", *map(os.fsencode, names), cwd=tmp_path)
    lines = [f"sha256sum: {quoted(name)}: No such file or directory" for name in names]
    assert done.stderr.decode().splitlines() == lines


@pytest.mark.skipif(not shutil.which("bash"), reason="needs a shell that has $'...'")
def test_as_a_shell_takes_them():
    names = list(unusual_names())
    script = "\n".join(f"printf '%s\\0' {quoted(name)}" for name in names)
    done = subprocess.run(["bash"], input=script.encode(), capture_output=True, check=True, timeout=60)
    assert done.stdout.split(b"\0")[:-1] == [os.fsencode(name) for name in names]
    assert all(quoted(name).isprintable() for name in names)
