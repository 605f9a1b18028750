"""Use every core from Python threads: a pool, atomics on shared buffers, and kernels that need no interpreter.

The layers, top to bottom; each uses only what stands below it:

    cli        the command line: one file for each command
    hashing    kernels that hash; files, folders, manifests
    pool       run, and the engine under it
    sync       SharedBuffer and Atomics
    csrc/      C without Python: loops, threads, atomic operations, algorithms
"""

from . import hashing
from .pool import run, workers
from .sync import Atomics, SharedBuffer

__all__ = ["Atomics", "SharedBuffer", "hashing", "run", "workers"]
__version__ = "0.1.0"
