"""What a pool's thread runs: a loop in Python, so that the interpreter sees it between two pieces of work."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._engine import Worker


def serve(worker: "Worker") -> None:
    if worker.begin():
        while worker.step():
            pass
