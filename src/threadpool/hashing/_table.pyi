from typing import final

from typing_extensions import Buffer

@final
class Stream:
    """The digest, by any hash, of bytes that come in pieces. One thread at a time."""

    def __new__(cls, name: str) -> Stream: ...
    def update(self, data: Buffer) -> None: ...
    def digest(self) -> bytes:
        """Of all that came; the stream takes no more then."""

variants: dict[str, str]
digest_sizes: dict[str, int]
portable_alone: set[str]
