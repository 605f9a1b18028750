"""The manifest format: lines that sha256sum --check accepts, and those that it does not."""

import hashlib
import io
import os
import pickle
import random
import re
import sys

import pytest

from threadpool.errors import ManifestError
from threadpool.hashing._table import digest_sizes
from threadpool.hashing.manifest import Entry, entries, line

DIGEST = hashlib.sha256(b"").hexdigest()
DIGEST_BYTES = DIGEST.encode()
TAG = b"SHA256 (%s) = " + DIGEST_BYTES
MALFORMED = "improperly formatted SHA256 checksum line"


def parse(*lines, refused=None):
    """What the lines say: names, or the numbers of those that are malformed."""
    found = []
    for entry in entries(lines, "manifest", "sha256", refused):
        if isinstance(entry, ManifestError):
            assert (entry.manifest, entry.reason) == ("manifest", MALFORMED)
            found.append(entry.line)
        else:
            found.append(entry.path)
    return found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (DIGEST_BYTES + b"  name\n", "name"),
        (DIGEST_BYTES + b" *name\n", "name"),
        (DIGEST_BYTES + b" name\n", "name"),
        (DIGEST_BYTES + b"\tname\n", "name"),
        (DIGEST_BYTES + b"  name", "name"),
        (DIGEST_BYTES.upper() + b"  name\n", "name"),
        (DIGEST_BYTES + b"  name\r\n", "name"),
        (DIGEST_BYTES + b"  name\r\r\n", "name\r"),
        (b" \t" + DIGEST_BYTES + b"  name\n", "name"),
        (DIGEST_BYTES + b"   name \n", " name "),
        (DIGEST_BYTES + b" **name\n", "*name"),
        (DIGEST_BYTES + b"  back\\slash\n", "back\\slash"),
        (b"\\" + DIGEST_BYTES + b"  a\\nb\\\\c\\rd\n", "a\nb\\c\rd"),
        (b" \\" + DIGEST_BYTES + b"  \\\\n\n", "\\n"),
        (DIGEST_BYTES + b"  \xff\xc3\xa4\n", "\udcffä"),
        (TAG % b"name" + b"\n", "name"),
        (TAG % b"a) = b" + b"\n", "a) = b"),
        (TAG % b"" + b"\n", ""),
        (b"\\" + TAG % b"a\\nb" + b"\r\n", "a\nb"),
        (b"SHA256(name)= " + DIGEST_BYTES.upper() + b"\n", "name"),
        (b"SHA256 (name)\t=\t" + DIGEST_BYTES, "name"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="needs file names of any bytes")
def test_a_line(text, name):
    assert list(entries([text], "manifest", "sha256")) == [Entry(name, DIGEST)]


@pytest.mark.parametrize(
    "text",
    [
        b"nonsense\n",
        b" \n",
        b" # a comment begins in the first column\n",
        DIGEST_BYTES + b"\n",
        DIGEST_BYTES + b" \n",
        DIGEST_BYTES + b"name\n",
        DIGEST_BYTES[:-1] + b"  name\n",
        DIGEST_BYTES[:-1] + b"g  name\n",
        DIGEST_BYTES + b"0  name\n",
        b"\\" + DIGEST_BYTES + b"  a\\tb\n",
        b"\\" + DIGEST_BYTES + b"  a\\\n",
        b"\\ " + DIGEST_BYTES + b"  name\n",
        b"\\\\" + DIGEST_BYTES + b"  name\n",
        DIGEST_BYTES + b"  null\0\n",
        TAG % b"name" + b" \n",
        TAG % b"name" + b"0\n",
        (TAG % b"name")[:-1] + b"\n",
        (TAG % b"name").lower() + b"\n",
        (TAG % b"name").replace(b"SHA256", b"MD5") + b"\n",
        (TAG % b"name").replace(b" (", b"  (") + b"\n",
        (TAG % b"name").replace(b")", b"") + b"\n",
        b"\\" + TAG % b"a\\tb" + b"\n",
    ],
)
def test_a_malformed_line(text):
    assert parse(text, DIGEST_BYTES + b"  name\n") == [1, "name"]


def test_lines_that_say_nothing_count():
    assert parse(b"\n", b"# comment\n", b"\r\n", b"#\0\n", b"nonsense\n") == [5]


def test_one_blank_or_two():
    one, two, star = (DIGEST_BYTES + blanks + b"name\n" for blanks in (b" ", b"  ", b" *"))
    assert parse(two, one, star) == ["name", 2, "name"]
    assert parse(star, one, two) == ["name", 2, "name"]
    assert parse(one, two, star) == ["name", " name", "*name"]
    assert parse(TAG % b"name", one, two) == ["name", "name", " name"]


def test_a_name_that_is_refused():
    assert parse(DIGEST_BYTES + b"  -\n", TAG % b"-", DIGEST_BYTES + b"  ./-\n", refused="-") == [1, 2, "./-"]
    assert parse(DIGEST_BYTES + b"  -\n") == ["-"]


@pytest.mark.parametrize("algorithm", digest_sizes)
def test_every_algorithm(algorithm):
    digest = "a0" * digest_sizes[algorithm]
    lines = [
        line("name", digest),
        f"{algorithm.upper()} (tagged) = {digest.upper()}".encode(),
        line("long", digest + "00"),
    ]
    *good, bad = entries(lines, "m", algorithm)
    assert good == [Entry("name", digest), Entry("tagged", digest)]
    assert str(bad) == f"m:3: improperly formatted {algorithm.upper()} checksum line"


@pytest.mark.skipif(sys.platform == "win32", reason="needs file names of any bytes")
def test_there_and_back():
    generator = random.Random(0)
    for _ in range(1000):
        name = os.fsdecode(bytes(generator.choices(b"a \\nr\n\r*#()=\xff\xc3\xa4", k=generator.randrange(1, 8))))
        assert parse(line("x", DIGEST), line(name, DIGEST)) == ["x", name]


def test_an_error_can_be_pickled():
    error = pickle.loads(pickle.dumps(ManifestError("name", 3, "reason")))
    assert isinstance(error, ValueError)
    assert (str(error), error.manifest, error.line, error.reason) == ("name:3: reason", "name", 3, "reason")


PIECES = [
    *(DIGEST_BYTES, DIGEST_BYTES.upper(), DIGEST_BYTES[:-1], DIGEST_BYTES[:-1] + b"g", b"SHA256", b"SHA1", b"sha256"),
    *(
        b" ",
        b"  ",
        b"\t",
        b"*",
        b" *",
        b" (",
        b"(",
        b")",
        b"=",
        b" = ",
        b") = ",
        b"\\",
        b"\\n",
        b"\\\\",
        b"\\r",
        b"\\t",
    ),
    *(b"a", b"b", b"-", b"#", b"\r", b"\v", b"\xff", b"a)"),
]


def hostile_manifest(generator):
    """A few lines, each well-formed but for pieces that are put in, left out or doubled."""
    lines = []
    for _ in range(generator.randrange(1, 5)):
        name = generator.choice([b"a", b"a b", b"a\\nb", b"a\\\\b", b"*a", b" a", b"-a", b"a) = b"])
        pieces = generator.choice(
            [
                [b"", DIGEST_BYTES, b" ", generator.choice([b" ", b"*", b""]), name],
                [b"", b"SHA256", b" ", b"(", name, b")", b" ", b"=", b" ", DIGEST_BYTES],
            ]
        )
        if generator.random() < 0.3:
            pieces[0] = b"\\"
        for _ in range(generator.choice([0, 0, 1, 1, 2])):
            where = generator.randrange(len(pieces) + 1)
            pieces[where : where + generator.randrange(2)] = [generator.choice(PIECES)] * generator.randrange(3)
        lines.append(b"".join(pieces))
    return generator.choice([b"\n", b"\r\n"]).join(lines) + generator.choice([b"", b"\n"])


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
def test_hostile_manifests_as_sha256sum_reads_them(coreutils, soak, tmp_path):
    """No file exists: sha256sum says which names it read, and which lines it could not."""
    generator = random.Random(1)
    accepted = refused = 0
    for _ in range(soak(400, 20_000)):
        manifest = hostile_manifest(generator)
        theirs = coreutils("sha256sum", "--check", "--warn", "--", "-", input=manifest, cwd=tmp_path)
        found = parse(*io.BytesIO(manifest), refused="-")
        names = [name for name in found if isinstance(name, str)]
        numbers = [number for number in found if isinstance(number, int)]
        assert theirs.stdout == b"".join(status(name) for name in names), manifest
        assert numbers == [int(number) for number in re.findall(rb"': (\d+): improperly", theirs.stderr)], manifest
        accepted += len(names)
        refused += len(numbers)
    assert accepted > 100
    assert refused > 100


def status(name):
    escaped = "\\" + name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r") if "\n" in name else name
    return os.fsencode(f"{escaped}: FAILED open or read\n")
