from typing import final

from typing_extensions import Buffer

from ._kernels import Hash

@final
class Blake3(Hash[bytes]):
    """BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3: one function, fast everywhere", 2020) of buffers.

    >>> blake3(b"abc").hex()[:16]
    '6437b3ac38465133'

    Used like `sha256`; digests are 32 bytes. ``blake3(data)`` hashes a large buffer, of 4 MiB and more, with every
    core; ``run(blake3, buffers)`` and ``blake3.many(buffers)`` hash many at once, each by one thread. `blake3.new` is for
    bytes that come in pieces, for keys, and for digests of any size.
    """

    def new(
        self, data: Buffer = b"", *, key: Buffer | None = None, derive_key_context: str | None = None
    ) -> Blake3Stream:
        """A `Blake3Stream`, which has been given ``data``.

        ``key``: 32 bytes, for the keyed mode. ``derive_key_context``: a string that says what for, for the mode that
        derives a key from what the stream is given. ValueError: a key of another size, or both.
        """

@final
class Blake3Stream:
    """BLAKE3 of bytes that come in pieces, in the shape of hashlib's objects; made by `blake3.new`.

    >>> stream = blake3.new(b"a")
    >>> stream.update(b"bc")
    >>> stream.hexdigest() == blake3(b"abc").hex()
    True
    >>> len(stream.digest(100, seek=1000))
    100

    Modes and output of any length as in the paper, 2.3 and 2.6. Methods of one stream may be called from several threads,
    and then come one after the other.
    """

    name: str
    digest_size: int
    block_size: int
    def __new__(cls, key: Buffer | None = None, derive_key_context: str | None = None) -> Blake3Stream: ...
    def update(self, data: Buffer, /) -> None:
        """Takes in the bytes of a contiguous bytes-like object; many by every core.

        After an exception, as of Ctrl-C, the stream is as it was. BufferError, TypeError: it is none.
        """

    def digest(self, length: int = 32, *, seek: int = 0) -> bytes:
        """``length`` bytes of the output for all that came so far, from byte ``seek`` on."""

    def hexdigest(self, length: int = 32, *, seek: int = 0) -> str:
        """The same, as hexadecimal digits, two a byte."""

    def copy(self) -> Blake3Stream:
        """A stream that goes on by itself from here."""

    def __copy__(self) -> Blake3Stream: ...
