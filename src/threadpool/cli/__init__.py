"""The command line: ``threadpool COMMAND``, or ``python -m threadpool COMMAND``."""

import argparse
import os
import sys
from collections.abc import Sequence

from .. import __version__
from . import hash, info, thumbs, verify
from .complaint import complain


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0, 1 when something failed, 2 for a usage error."""
    parser = argparse.ArgumentParser(prog="threadpool", description="Use every core.")
    parser.add_argument("--version", action="version", version=f"threadpool {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (hash, verify, thumbs, info):
        command.add_parser(commands)
    options = parser.parse_args(arguments)
    if sys.stdout is None:
        complain(f"{options.name}: standard output is closed")
        return 1
    try:
        code: int = options.command(options)
        sys.stdout.flush()
    except OSError as error:
        # Errors of files are reported one by one: this one is of standard output. Nothing may be written to it any
        # more, nor at exit. That the reader has gone, as in `threadpool hash . | head`, needs no words.
        if not isinstance(error, BrokenPipeError):
            complain(f"{options.name}: standard output: {error.strerror}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, ImportError) as error:
        complain(f"{options.name}: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return code
