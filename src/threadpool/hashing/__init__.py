"""Kernels that hash, files and folders hashed with them, and files verified against a manifest."""

from ._hashing import sha256
from .files import hash_files, hash_tree
from .verify import verify

__all__ = ["hash_files", "hash_tree", "sha256", "verify"]
