"""The pool: a call becomes a loop, and threads share it out. See `csrc/pool/loop.h` for how."""

from ._run import run
from .width import workers

__all__ = ["run", "workers"]
