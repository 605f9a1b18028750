from ..pool._buffer_kernel import BufferKernel

class Hash(BufferKernel[bytes]):
    """A kernel that hashes buffers."""

    digest_size: int
    block_size: int

class Sha256(Hash):
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

class Sha1(Hash):
    """SHA-1 (FIPS 180-4) of buffers, used like `sha256`; digests are 20 bytes, equal to hashlib's.

    >>> sha1(b"abc").hex()[:16]
    'a9993e364706816a'

    For what others have defined with it: two messages with one digest can be made.
    """

class Md5(Hash):
    """MD5 (RFC 1321) of buffers, used like `sha256`; digests are 16 bytes, equal to hashlib's.

    >>> md5(b"abc").hex()[:16]
    '900150983cd24fb0'

    For what others have defined with it: two messages with one digest are made in seconds.
    """
