"""What the commands that hash have in common."""

import argparse

from ..hashing._table import digest_sizes


def add_hashing_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--algorithm", metavar="NAME", choices=digest_sizes, default="sha256", help=f"one of {', '.join(digest_sizes)}"
    )
    parser.add_argument("--progress", action="store_true", help="draw a bar on standard error (needs tqdm)")
