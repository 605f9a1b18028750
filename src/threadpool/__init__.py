"""Use every core from Python threads: a pool, atomics on shared buffers, and kernels that need no interpreter.

The layers, top to bottom; each uses only what stands below it:

    cli        the command line: one file for each command
    worker     workers with a program of their own, ports, channels; imported when it is first asked for
    hashing    kernels that hash; files, folders, manifests
    imaging    kernels over images; thumbnails
    files      which files there are; how results, errors and progress reach the caller
    pool       run, Pool, and the engine under them; what a kernel is
    sync       SharedBuffer and Atomics
    errors     the exceptions; cores: how many there are; _simd: what instructions they have
    csrc/      C without Python: loops, threads, atomic operations, algorithms
"""

import importlib

from . import hashing, imaging, pool
from .errors import ImageError, ImageTooLarge, ManifestError, QueueFull
from .pool import (
    cancelled,
    current_worker,
    dump,
    imap,
    imap_unordered,
    kernel,
    map_blocks,
    run,
    run_async,
    starmap,
    workers,
)
from .sync import Atomics, SharedBuffer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import worker
    from .pool import Pool

__all__ = [
    "Atomics",
    "ImageError",
    "ImageTooLarge",
    "ManifestError",
    "Pool",
    "QueueFull",
    "SharedBuffer",
    "cancelled",
    "current_worker",
    "dump",
    "hashing",
    "imaging",
    "imap",
    "imap_unordered",
    "kernel",
    "map_blocks",
    "run",
    "run_async",
    "starmap",
    "worker",
    "workers",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> "Any":
    # Imported when they are first asked for: what they need takes as long to import as all the rest.
    if name == "Pool":
        return pool.Pool
    if name == "worker":
        return importlib.import_module(".worker", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
