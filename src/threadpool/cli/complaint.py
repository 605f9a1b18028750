"""What the commands say when something fails: one line on standard error."""

import sys


def complain(words: str) -> None:
    """Says it, if anybody listens: standard error may be closed, or full, and the work goes on."""
    if sys.stderr is None:  # print would take standard output instead, and spoil the manifest
        return
    try:
        print(f"threadpool {words}", file=sys.stderr, flush=True)
    except OSError:
        pass
