"""Kernels that hash buffers in memory."""

from libc.stdint cimport uint8_t, uint32_t

from threadpool cimport BufferCall, BufferKernel, set_function
from threadpool.hashing._table cimport (
    hash_named, tp_crc_update, tp_hash, tp_md, tp_md_hash, tp_md_many, tp_message,
)

cdef const tp_md *sha256_variant = hash_named("sha256").md
cdef const tp_md *sha1_variant = hash_named("sha1").md
cdef const tp_md *md5_variant = hash_named("md5").md
cdef tp_crc_update *crc32c_update = hash_named("crc32c").crc.update
cdef tp_crc_update *crc32_update = hash_named("crc32").crc.update


cdef int hash_sha256(const void *data, size_t size, void *digest) noexcept nogil:
    tp_md_hash(sha256_variant, <const uint8_t *>data, size, <uint8_t *>digest)
    return 0


cdef void hash_many_sha256(const BufferCall *calls, size_t count) noexcept nogil:
    tp_md_many(sha256_variant, <const tp_message *>calls, count)  # which has the same fields


cdef int hash_sha1(const void *data, size_t size, void *digest) noexcept nogil:
    tp_md_hash(sha1_variant, <const uint8_t *>data, size, <uint8_t *>digest)
    return 0


cdef void hash_many_sha1(const BufferCall *calls, size_t count) noexcept nogil:
    tp_md_many(sha1_variant, <const tp_message *>calls, count)


cdef int hash_md5(const void *data, size_t size, void *digest) noexcept nogil:
    tp_md_hash(md5_variant, <const uint8_t *>data, size, <uint8_t *>digest)
    return 0


cdef void hash_many_md5(const BufferCall *calls, size_t count) noexcept nogil:
    tp_md_many(md5_variant, <const tp_message *>calls, count)


cdef int hash_crc32c(const void *data, size_t size, void *crc) noexcept nogil:
    (<uint32_t *>crc)[0] = crc32c_update(0, <const uint8_t *>data, size)
    return 0


cdef int hash_crc32(const void *data, size_t size, void *crc) noexcept nogil:
    (<uint32_t *>crc)[0] = crc32_update(0, <const uint8_t *>data, size)
    return 0


cdef class Hash(BufferKernel):
    """A kernel that hashes buffers."""

    def __repr__(self):
        return f"<kernel threadpool.hashing.{self.name}>"

    def __reduce__(self):
        return self.name

    cdef int describe(self, str name, double item_nanoseconds, double byte_nanoseconds) except -1:
        """What one of many items takes one thread, and a byte adds, about."""
        cdef const tp_hash *hash = hash_named(name)
        self.digest_size = hash.digest_size
        self.block_size = hash.block_size
        self.item_nanoseconds = item_nanoseconds
        self.byte_nanoseconds = byte_nanoseconds
        self.worth_detaching = 2048
        if hash.md is not NULL:
            self.unit = hash.md.lanes
        return 0


cdef class Sha256(Hash):
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

    def __cinit__(self):
        set_function(self, "sha256", hash_sha256, 32)
        self.together = hash_many_sha256
        self.describe("sha256", 30, 0.3)


cdef class Sha1(Hash):
    """SHA-1 (FIPS 180-4) of buffers, used like `sha256`; digests are 20 bytes, equal to hashlib's.

    >>> sha1(b"abc").hex()[:16]
    'a9993e364706816a'

    For what others have defined with it: two messages with one digest can be made.
    """

    def __cinit__(self):
        set_function(self, "sha1", hash_sha1, 20)
        self.together = hash_many_sha1
        self.describe("sha1", 20, 0.17)


cdef class Md5(Hash):
    """MD5 (RFC 1321) of buffers, used like `sha256`; digests are 16 bytes, equal to hashlib's.

    >>> md5(b"abc").hex()[:16]
    '900150983cd24fb0'

    For what others have defined with it: two messages with one digest are made in seconds.
    """

    def __cinit__(self):
        set_function(self, "md5", hash_md5, 16)
        self.together = hash_many_md5
        self.describe("md5", 20, 0.13)


cdef class Crc32c(Hash):
    """CRC-32C (Castagnoli; RFC 3720, 12.1, appendix B.4) of buffers, used like `sha256`; it is an int below 2**32.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'

    ``crc32c.many(buffers)`` is an array of uint32. Finds damage by accident, and keeps out nobody.
    """

    def __cinit__(self):
        set_function(self, "crc32c", hash_crc32c, 4)
        self.element = "uint32"
        self.describe("crc32c", 10, 0.02)
        self.worth_detaching = 32 * 1024


cdef class Crc32(Hash):
    """CRC-32 (ISO 3309, ITU V.42, RFC 1952) of buffers, used like `sha256`; it is an int below 2**32, as zlib's.

    >>> hex(crc32(b"123456789"))
    '0xcbf43926'

    ``crc32.many(buffers)`` is an array of uint32. Finds damage by accident, and keeps out nobody.
    """

    def __cinit__(self):
        set_function(self, "crc32", hash_crc32, 4)
        self.element = "uint32"
        self.describe("crc32", 10, 0.02)
        self.worth_detaching = 32 * 1024
