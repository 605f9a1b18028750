from os import PathLike
from typing import final

from ..pool._buffer_kernel import BufferKernel
from ..pool._kernel import Kernel

@final
class Sha256(BufferKernel[bytes]):
    """SHA-256 (FIPS 180-4) of buffers: ``sha256(data)`` is the digest of one, ``run(sha256, buffers)`` of many.

    >>> sha256(b"abc").hex()[:16]
    'ba7816bf8f01cfea'

    ``data`` is any contiguous bytes-like object: bytes, bytearray, memoryview, NumPy array, mmap, `SharedBuffer` … Its
    bytes are hashed where they are, and cannot be resized meanwhile. Digests are 32 bytes, equal to hashlib's.

    A kernel: `run` hashes in threads that need no interpreter, on GIL builds too. Safe to call from any thread; if another
    thread changes a buffer while it is hashed, the digest is that of some mixture. TypeError: not bytes-like, as
    strings are; BufferError: not contiguous. Both name the item, and nothing is hashed then.
    """

    digest_size: int
    block_size: int

@final
class FileDigest(Kernel[str | PathLike[str], bytes | OSError]): ...

sha256: Sha256
file_digest: FileDigest
simd_level: str
sha256_variant: str
