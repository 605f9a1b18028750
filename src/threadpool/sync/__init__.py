"""Memory that threads share, and atomic operations on it."""

from . import atomics as Atomics
from ._shared_buffer import SharedBuffer

__all__ = ["Atomics", "SharedBuffer"]
