"""The files whose memory processes share: they have no name, and so none is left behind."""

from __future__ import annotations

import os
import struct

TYPE_CHECKING = False  # importing typing takes as long as importing half of this library
if TYPE_CHECKING:
    from typing import Any

# tp_memory_head in csrc/sync/memory.h, and how many bytes it takes
_HEAD = struct.Struct("=16sQQQ")
_HEAD_SIZE = 128


def new_file(size: int) -> int:
    """The number of a new file of so many zeros, for which there is memory where it is written to."""
    if os.name == "nt":
        raise NotImplementedError("process=True: not on Windows yet")
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("threadpool.SharedBuffer", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    else:
        import tempfile

        with tempfile.TemporaryFile() as temporary:
            file = os.dup(temporary.fileno())
    try:
        os.ftruncate(file, size)
        if hasattr(os, "memfd_create"):
            import fcntl

            # Nobody can take the memory from under those that have it mapped.
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
    except OSError as error:
        os.close(file)
        raise MemoryError(f"no memory for a SharedBuffer of {size} bytes: {error.strerror}") from error
    return file


def file_handle(file: int) -> Any:
    """What another process finds an open file of this one by."""
    if os.path.exists(f"/proc/self/fd/{file}"):
        return f"/proc/{os.getpid()}/fd/{file}"
    from multiprocessing.reduction import DupFd

    return DupFd(file)


def find_file(handle: Any, token: bytes) -> tuple[int, int, bool]:
    """The file of a handle, opened, the most bytes that its memory may have, and whether it may grow.

    RuntimeError: it is not there any more, or not that one, as a file number may be used again. Not an OSError, which
    multiprocessing.Pool takes for the end of a process.
    """
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    try:
        file = os.open(handle, flags) if isinstance(handle, str) else handle.detach()
    except OSError as error:
        raise _gone(str(error)) from error
    try:
        head = os.pread(file, _HEAD.size, 0)
        if len(head) < _HEAD.size or head[:16] != token:
            raise _gone("its file number means another file")
        _, maximum, growable, _ = _HEAD.unpack(head)
        if maximum > os.fstat(file).st_size - _HEAD_SIZE:
            raise _gone("its file is too short")
    except OSError as error:
        os.close(file)
        raise _gone(str(error)) from error
    except BaseException:
        os.close(file)
        raise
    return file, maximum, bool(growable)


def _gone(why: str) -> RuntimeError:
    return RuntimeError(
        f"the SharedBuffer is gone: the process that pickled it has closed it or ended, or hides it ({why})"
    )
