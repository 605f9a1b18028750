from typing import Generic, TypeVar

from typing_extensions import disjoint_base

from ..pool._buffer_kernel import BufferKernel

_R_co = TypeVar("_R_co", bytes, int, covariant=True)

@disjoint_base
class Hash(BufferKernel[_R_co], Generic[_R_co]):
    """A kernel that hashes buffers."""

    digest_size: int
    block_size: int

class Sha256(Hash[bytes]):
    """SHA-256 (FIPS 180-4) of buffers: ``sha256(data)`` is the digest of one, ``run(sha256, buffers)`` of many.

    >>> sha256(b"abc").hex()[:16]
    'ba7816bf8f01cfea'

    ``data`` is any contiguous bytes-like object: bytes, bytearray, memoryview, NumPy array, mmap, `SharedBuffer` … Its
    bytes are hashed where they are, and cannot be resized meanwhile. Digests are 32 bytes, equal to hashlib's.
    ``sha256.many(buffers)`` has them as the rows of an array.

    A kernel: `run` hashes in threads that need no interpreter, on GIL builds too, each several buffers at once. Safe to
    call from any thread; if another thread changes a buffer while it is hashed, the digest is that of some mixture.
    TypeError: not bytes-like, as strings are; BufferError: not contiguous. Both name the item, and nothing is hashed
    then.
    """

class Sha1(Hash[bytes]):
    """SHA-1 (FIPS 180-4) of buffers, used like `sha256`; digests are 20 bytes, equal to hashlib's.

    >>> sha1(b"abc").hex()[:16]
    'a9993e364706816a'

    For what others have defined with it: two messages with one digest can be made.
    """

class Md5(Hash[bytes]):
    """MD5 (RFC 1321) of buffers, used like `sha256`; digests are 16 bytes, equal to hashlib's.

    >>> md5(b"abc").hex()[:16]
    '900150983cd24fb0'

    For what others have defined with it: two messages with one digest are made in seconds.
    """

class Crc32c(Hash[int]):
    """CRC-32C (Castagnoli; RFC 3720, 12.1, appendix B.4) of buffers, used like `sha256`; it is an int below 2**32.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'

    ``crc32c.many(buffers)`` is an array of uint32. Finds damage by accident, and keeps out nobody.
    """

class Crc32(Hash[int]):
    """CRC-32 (ISO 3309, ITU V.42, RFC 1952) of buffers, used like `sha256`; it is an int below 2**32, as zlib's.

    >>> hex(crc32(b"123456789"))
    '0xcbf43926'

    ``crc32.many(buffers)`` is an array of uint32. Finds damage by accident, and keeps out nobody.
    """
