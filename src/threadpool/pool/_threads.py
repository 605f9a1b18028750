"""What a pool's thread runs: a loop in Python, so that the interpreter sees it between two pieces of work."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._engine import Worker


def serve(worker: "Worker") -> None:
    try:
        if worker.begin():
            while worker.step():
                pass
    finally:  # also when the thread is killed by PyThreadState_SetAsyncExc: then another one takes over
        worker.end()
