"""Kernels that hash, and files and folders hashed with them."""

from .files import hash_files, hash_tree
from .kernels import blake3, crc32, crc32c, md5, sha1, sha256

__all__ = ["blake3", "crc32", "crc32c", "hash_files", "hash_tree", "md5", "sha1", "sha256"]
