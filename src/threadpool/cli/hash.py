"""``threadpool hash``: the digest of every file, as sha256sum prints it."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from ..files.delivery import deliver
from ..files.tree import regular_files
from ..hashing.manifest import line
from .complaint import complain
from .names import names_from
from .options import add_hashing_options
from .quoting import quoted
from .standard_input import DASH, hashed_with_standard_input


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "hash",
        help="hash files, and every file below folders, on every core",
        description="Prints the digest of the files, and of every regular file below the folders, in the format of "
        "sha256sum, which can check it with --check, as threadpool verify can. What is below a folder is sorted by "
        "name; symbolic links in it are not followed.",
    )
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="a file, a folder, or - for standard input, which is read if there is none",
    )
    parser.add_argument(
        "--files0-from",
        metavar="FILE",
        help="take the paths from FILE, - for standard input, each ended by a null character (find -print0)",
    )
    add_hashing_options(parser)
    parser.set_defaults(command=command, name="hash", usage_error=parser.error)


def command(options: argparse.Namespace) -> int:
    if options.files0_from is None:
        names: Iterable[str | Exception] = options.paths or [DASH]
    else:
        if options.paths:
            options.usage_error(
                f"extra operand {quoted(options.paths[0])}\nfile operands cannot be combined with --files0-from"
            )
        names = names_from(options.files0_from)
    failed = False

    def report(error: Exception) -> None:
        nonlocal failed
        failed = True
        sys.stdout.flush()
        complain(
            f"hash: {quoted(error.filename)}: {error.strerror}" if isinstance(error, OSError) else f"hash: {error}"
        )

    results = hashed_with_standard_input(files_of(names), str, options.algorithm)
    for name, digest in deliver(results, report, options.progress):
        sys.stdout.buffer.write(line(name, digest))
    return int(failed)


def files_of(names: Iterable[str | Exception]) -> Iterator[str | Exception]:
    """The names, and in the place of a folder the files below it."""
    for name in names:
        # What is not a folder is opened as a file: if it is neither, that says why.
        if isinstance(name, str) and name != DASH and os.path.isdir(name):
            yield from regular_files(name)
        else:
            yield name
