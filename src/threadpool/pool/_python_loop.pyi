def cancelled() -> bool:
    """Whether the result of the item that calls this is no longer wanted, so that it may end early.

    True inside an item whose run was cancelled (Ctrl-C, a cancelled await, an `imap` that was left), is past its
    ``timeout``, or has failed at a lower index; also where that is so of a run around it. False everywhere else. What
    the item then returns or raises is thrown away. Thread-safe; costs some 50 ns, more with a timeout.

    >>> cancelled()
    False
    """

def check_room(size: int) -> None:
    """MemoryError: there is no memory for a list of that size."""

def abandon_loops() -> None:
    """In a child that was forked inside an item: starts no more items of the loops around it, whose guests are not there."""
