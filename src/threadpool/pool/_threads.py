"""What a pool's thread runs: a loop in Python, so that the interpreter sees it between two pieces of work."""

from collections.abc import Callable


def serve(step: Callable[[], bool]) -> None:
    while step():
        pass
