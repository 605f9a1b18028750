"""The exceptions of this library. Where Python has one that fits, that is raised instead."""


class QueueFull(RuntimeError):
    """`Pool.submit` found the queue full, in a pool with ``max_queue`` and ``when_full="raise"``.

    Nothing was queued. Try again later, or make a pool with ``when_full="block"``, whose submit waits.
    """
