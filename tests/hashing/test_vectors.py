"""Published test vectors: NIST's (CAVP: short and long messages, Monte Carlo), RFC 1321's and RFC 3720's."""

import re
from pathlib import Path

import cryptography_vectors
import pytest

from threadpool import hashing, run

FOLDER = Path(cryptography_vectors.__file__).parent / "hashes"
NIST = {"sha1": ("SHA1", "SHA1"), "sha256": ("SHA2", "SHA256")}


def check(kernel, count, file):
    """That the kernel gives each message of a file its digest; there are `count` of them, or more."""
    found = re.findall(r"^Len = (\d+)\s+Msg = (\w+)\s+MD = (\w+)", file.read_text(), re.MULTILINE)
    messages = [bytes.fromhex(message)[: int(bits) // 8] for bits, message, _ in found]
    digests = [bytes.fromhex(digest) for _, _, digest in found]
    assert len(found) >= count
    assert [kernel(message) for message in messages] == digests
    assert run(kernel, messages) == digests
    assert [bytes(row) for row in kernel.many(messages)] == digests


@pytest.mark.parametrize("name", NIST)
@pytest.mark.parametrize("lengths", ["Short", "Long"])
def test_nist_messages(name, lengths):
    folder, prefix = NIST[name]
    check(getattr(hashing, name), 64, FOLDER / folder / f"{prefix}{lengths}Msg.rsp")


def test_rfc_1321():
    check(hashing.md5, 7, FOLDER / "MD5" / "rfc-1321.txt")


@pytest.mark.parametrize("name", NIST)
def test_nist_monte_carlo(name):
    """A hundred times a thousand digests, each of the three before (SHAVS, 6.4)."""
    folder, prefix = NIST[name]
    kernel = getattr(hashing, name)
    text = (FOLDER / folder / f"{prefix}Monte.rsp").read_text()
    seed = bytes.fromhex(re.search(r"^Seed = (\w+)", text, re.MULTILINE)[1])
    checkpoints = re.findall(r"^MD = (\w+)", text, re.MULTILINE)
    assert len(checkpoints) == 100
    for checkpoint in checkpoints:
        digests = [seed] * 3
        for _ in range(1000):
            digests = [*digests[1:], kernel(b"".join(digests))]
        seed = digests[-1]
        assert seed.hex() == checkpoint


# RFC 3720, B.4.
CRC32C = [
    (bytes(32), 0x8A9136AA),
    (bytes([0xFF] * 32), 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(range(31, -1, -1)), 0x113FDB5C),
    (
        bytes.fromhex(
            "01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000"
        ),
        0xD9963A56,
    ),
]


def test_rfc_3720():
    messages, crcs = zip(*CRC32C, strict=True)
    assert run(hashing.crc32c, messages) == list(crcs)
    assert [hashing.crc32c(message) for message in messages] == list(crcs)
