from typing import final

@final
class Files:
    """The queue. One thread, its owner, puts paths in and takes digests out, in the same order; any may work."""

    waits: int
    def __new__(cls, name: str, threads: int) -> Files: ...
    def __len__(self) -> int: ...
    @property
    def is_full(self) -> bool: ...
    def put(self, path: bytes) -> bool:
        """Puts a path in; there must be room. Whether a thread is to be sent to work: it has been enlisted."""

    def enlist(self) -> bool:
        """Whether a thread is to be sent to work, now that the owner is about to wait: it has been enlisted."""

    def leave(self) -> None:
        """No thread comes in place of one that was enlisted."""

    def work(self) -> bool:
        """For a thread that was enlisted. True: it is to come again, after others have had their turn."""

    def help(self) -> None:
        """Hashes what nobody has begun until the oldest is done; for the owner, when no thread comes. Ctrl-C is seen."""

    def is_ready(self) -> bool:
        """Whether the oldest is done."""

    def wait(self, seconds: float) -> bool:
        """Waits for the oldest, a twentieth of a second at the most, in which Ctrl-C is not seen: whether it is done."""

    def first_is_waiting(self) -> bool:
        """Whether nobody has begun the oldest."""

    def take(self) -> bytes | OSError | str:
        """Takes the oldest out, which is done: its digest, an OSError, or its path if it is no regular file."""

    def cancel(self) -> None:
        """Nothing is begun any more, and what is in progress ends soon."""

    def stop(self) -> None:
        """Other threads begin nothing any more: the owner, if it still wants what is left, does it. For `lifecycle`."""

    def abandon(self) -> None:
        """The threads are not in this process, which was forked. For `lifecycle`."""
