from asyncio import Future
from typing import Any, final

@final
class Mailbox:
    """Of an event loop; ``wakes`` is the file number of a socket that is written to when it is not empty any more.

    ``waiters`` are those that are in the parking lot or in the mailbox: what takes one out there removes it here.
    """

    def __new__(cls, wakes: int) -> Mailbox: ...
    @property
    def waiters(self) -> set[Waiter]: ...
    def fetch(self) -> list[Waiter]:
        """Empties it: the waiters that were woken, in their order."""

@final
class Waiter:
    """A place in the queue at an element. ``future`` gets the result."""

    def __new__(cls, mailbox: Mailbox, future: Future[str]) -> Waiter: ...
    @property
    def future(self) -> Future[str]: ...
    def enqueue(self, buffer: Any, index: Any, value: Any, timeout: Any) -> float | None:
        """Takes its place if the element is equal to the value: for how many seconds; None if it is not equal.

        Errors: see `Atomics.wait`.
        """

    def leave(self) -> bool:
        """Gives its place up; safe to call twice, and from any thread. Whether no notification has counted it."""

    def give_up(self) -> bool:
        """The same; a notification that has counted it wakes the next one instead."""
