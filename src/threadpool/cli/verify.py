"""``threadpool verify``: what ``sha256sum --check`` does and prints."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..errors import ManifestError
from ..files.delivery import deliver
from ..hashing.manifest import entries, escape
from .complaint import complain
from .options import add_hashing_options
from .quoting import quoted
from .standard_input import DASH, hashed_with_standard_input, opened

# What may be said of a line; the first three are printed.
OK = "OK"
FAILED = "FAILED"
UNREADABLE = "FAILED open or read"
MISSING = "missing"
MALFORMED = "malformed"

CLOSING_WARNINGS = (
    (MALFORMED, "line is improperly formatted", "lines are improperly formatted"),
    (UNREADABLE, "listed file could not be read", "listed files could not be read"),
    (FAILED, "computed checksum did NOT match", "computed checksums did NOT match"),
)


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "verify",
        help="compare files with the digests in manifests",
        description="Reads lines of the format that threadpool hash and sha256sum print, and tells for each whether "
        "the file has that digest. Exits with 1 when one has not, or cannot be read.",
    )
    parser.add_argument("manifests", metavar="MANIFEST", nargs="*", help="a manifest; none, or -, for standard input")
    # Each takes back what those before it say, as with coreutils.
    parser.add_argument(
        "--quiet", dest="telling", action="store_const", const="quiet", help="do not print OK for each file that is"
    )
    parser.add_argument(
        "--status", dest="telling", action="store_const", const="status", help="print nothing; the exit code tells"
    )
    parser.add_argument(
        "-w", "--warn", dest="telling", action="store_const", const="warn", help="warn of each malformed line"
    )
    parser.add_argument("--ignore-missing", action="store_true", help="pass over files that do not exist")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for a malformed line, too")
    add_hashing_options(parser)
    parser.set_defaults(command=command, name="verify")


def command(options: argparse.Namespace) -> int:
    verdicts = [Verification(manifest, options).run() for manifest in options.manifests or [DASH]]
    return int(not all(verdicts))


class Verification:
    """One manifest: its files are compared, and what there is to say is said."""

    def __init__(self, manifest: str, options: argparse.Namespace) -> None:
        self.manifest = manifest
        self.shown = quoted("standard input" if manifest == DASH else manifest)
        self.options = options
        self.counts: Counter[str] = Counter()
        self.error: OSError | None = None  # why the manifest could not be read, to its end

    def run(self) -> bool:
        """False when something is wrong."""
        options = self.options
        # A manifest that comes from standard input cannot be about it.
        refused = DASH if self.manifest == DASH else None
        lines = entries(self.lines(), self.manifest, options.algorithm, refused)
        results = hashed_with_standard_input(lines, lambda entry: entry.path, options.algorithm)
        for entry, hexdigest in deliver(results, self.report, options.progress):
            self.tell(entry.path, OK if hexdigest == entry.hexdigest else FAILED)
        return self.conclude()

    def lines(self) -> Iterator[bytes]:
        try:
            with opened(self.manifest) as file:
                yield from file
        except OSError as error:
            self.error = error

    def report(self, error: OSError | ManifestError) -> None:
        if isinstance(error, ManifestError):
            self.counts[MALFORMED] += 1
            if self.options.telling == "warn":
                self.warn(f"{self.shown}: {error.line}: {error.reason}")
        elif isinstance(error, FileNotFoundError) and self.options.ignore_missing:
            self.counts[MISSING] += 1
        else:
            self.warn(f"{quoted(error.filename)}: {error.strerror}")
            self.tell(error.filename, UNREADABLE)

    def tell(self, path: str, verdict: str) -> None:
        self.counts[verdict] += 1
        telling = self.options.telling
        if telling == "status" or (telling == "quiet" and verdict == OK):
            return
        name = "\\" + escape(path) if "\n" in path else path
        sys.stdout.buffer.write(os.fsencode(f"{name}: {verdict}\n"))

    def warn(self, words: str) -> None:
        sys.stdout.flush()
        complain(f"verify: {words}")

    def conclude(self) -> bool:
        counts, options = self.counts, self.options
        if self.error is not None:
            self.warn(f"{self.shown}: {self.error.strerror}")
            return False
        if counts.total() == counts[MALFORMED]:
            self.warn(f"{self.shown}: no properly formatted checksum lines found")
            return False
        nothing_verified = options.ignore_missing and not counts[OK]
        if options.telling != "status":
            for kind, one, many in CLOSING_WARNINGS:
                if count := counts[kind]:
                    self.warn(f"WARNING: {count} {one if count == 1 else many}")
            if nothing_verified:
                self.warn(f"{self.shown}: no file was verified")
        return not (nothing_verified or counts[FAILED] or counts[UNREADABLE] or (options.strict and counts[MALFORMED]))
