"""What the commands that hash have in common."""

import argparse

from ..hashing.files import DIGEST_SIZES


def add_hashing_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--algorithm", metavar="NAME", choices=DIGEST_SIZES, default="sha256", help=f"one of {', '.join(DIGEST_SIZES)}"
    )
    parser.add_argument("--progress", action="store_true", help="draw a bar on standard error (needs tqdm)")
