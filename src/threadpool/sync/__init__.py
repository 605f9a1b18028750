"""Memory that threads share, and atomic operations on it."""

from . import _atomics as Atomics
from ._shared_buffer import SharedBuffer

__all__ = ["Atomics", "SharedBuffer"]
