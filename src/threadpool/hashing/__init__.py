"""Kernels that hash, files and folders hashed with them, and files verified against a manifest."""

from .files import hash_files, hash_tree
from .kernels import blake3, crc32, crc32c, md5, sha1, sha256
from .verify import verify

__all__ = ["blake3", "crc32", "crc32c", "hash_files", "hash_tree", "md5", "sha1", "sha256", "verify"]
