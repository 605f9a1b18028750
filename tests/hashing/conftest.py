"""The kernels, each with the same function by somebody else."""

import hashlib
import zlib

import blake3 as blake3_package
import pytest

from threadpool import hashing

# RFC 3720, 12.1: the polynomial 0x11edc6f41, bits reflected; a byte at a time.
_CRC32C = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (0x82F63B78 if _byte & 1 else 0)
    _CRC32C.append(_byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in memoryview(data).cast("B"):
        crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


REFERENCES = {
    hashing.sha256: lambda data: hashlib.sha256(data).digest(),
    hashing.sha1: lambda data: hashlib.sha1(data).digest(),
    hashing.md5: lambda data: hashlib.md5(data).digest(),
    hashing.blake3: lambda data: blake3_package.blake3(bytes(data)).digest(),
    hashing.crc32c: crc32c,
    hashing.crc32: zlib.crc32,
}


@pytest.fixture
def references():
    """The functions, by kernel."""
    return REFERENCES


@pytest.fixture(params=REFERENCES, ids=lambda kernel: kernel.name)
def kernel(request):
    return request.param


@pytest.fixture
def reference(kernel):
    """What the kernel makes of a buffer."""
    return REFERENCES[kernel]
