"""``threadpool hash``: the SHA-256 of every file, as sha256sum prints it."""

import argparse
import os
import sys
from typing import Any

from ..hashing import hash_files, hash_tree
from ..hashing.manifest import line
from .complaint import complain


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "hash",
        help="hash every file below a folder, on every core",
        description="Prints the SHA-256 of every regular file below the folders, in the format of sha256sum, which can "
        "check it with --check. Sorted by name; symbolic links are not followed.",
    )
    parser.add_argument("paths", metavar="FOLDER", nargs="+", help="a folder, or a file")
    parser.set_defaults(command=command, name="hash")


def command(options: argparse.Namespace) -> int:
    failed = False

    def report(error: OSError) -> None:
        nonlocal failed
        failed = True
        sys.stdout.flush()
        complain(f"hash: {error.filename}: {error.strerror}")

    for path in options.paths:
        # What is not a folder is opened as a file: if it is neither, that says why.
        hashed = (hash_tree if os.path.isdir(path) else _hash_file)(path, onerror=report)
        for name, digest in hashed:
            sys.stdout.buffer.write(line(name, digest))
    return int(failed)


def _hash_file(path: str, *, onerror: Any) -> Any:
    return hash_files([path], onerror=onerror)
