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


def safepoint() -> None:
    """Called from time to time by what may call nothing but C.

    As a Python function begins, the interpreter hands over the GIL to a thread that has waited for long, and stops if
    the world is to. To release the GIL and take it again instead would give it to nobody, as a thread that is waked
    comes too late for it, and would reset the time that the others have waited.
    """
