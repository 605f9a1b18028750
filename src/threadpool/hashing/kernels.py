"""The kernels, one for each hash."""

from __future__ import annotations

from ._blake3 import Blake3
from ._kernels import Crc32, Crc32c, Md5, Sha1, Sha256
from ._table import portable_alone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Bytes from which on hashlib is asked, where it is the faster: what the detour costs is little then.
_LONG = 4096


class _LongOnesByHashlib:
    """For a CPU without instructions made for a hash: there OpenSSL is faster at one long message, not at many."""

    name: str

    def __call__(self, data: Any, /) -> bytes:
        import hashlib

        try:
            view = memoryview(data)
        except TypeError:
            view = memoryview(b"")
        if view.nbytes >= _LONG and view.c_contiguous:
            return hashlib.new(self.name, view, usedforsecurity=False).digest()
        return super().__call__(data)  # type: ignore[misc,no-any-return]  # of the kernel


def _made(kernel: type[Any], name: str) -> Any:
    return (type(kernel.__name__, (_LongOnesByHashlib, kernel), {}) if name in portable_alone else kernel)()


sha256: Sha256 = _made(Sha256, "sha256")
sha1: Sha1 = _made(Sha1, "sha1")
md5 = Md5()
blake3 = Blake3()
crc32c = Crc32c()
crc32 = Crc32()
