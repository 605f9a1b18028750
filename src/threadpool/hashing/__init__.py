"""Kernels that hash, and files and folders hashed with them."""

from ._hashing import sha256
from .files import hash_files, hash_tree

__all__ = ["hash_files", "hash_tree", "sha256"]
