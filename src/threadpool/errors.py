"""The exceptions of this library. Where Python has one that fits, that is raised instead."""


class QueueFull(RuntimeError):
    """`Pool.submit` found the queue full, in a pool with ``max_queue`` and ``when_full="raise"``; or `WorkerPool.run`.

    Nothing was queued. Try again later, or make a pool with ``when_full="block"``, whose submit waits.
    """


class ManifestError(ValueError):
    """`hashing.verify` met a line of a manifest that names no file and digest.

    ``manifest`` is the manifest's name, ``line`` the number of the line, from 1, and ``reason`` what is wrong with it.
    The lines after it can be verified all the same: see ``onerror``.
    """

    def __init__(self, manifest: str, line: int, reason: str) -> None:
        super().__init__(manifest, line, reason)
        self.manifest = manifest
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.manifest}:{self.line}: {self.reason}"


class ImageError(ValueError):
    """`imaging.thumbnails` met a file that is no picture, or a damaged one, or cannot be made into one.

    ``filename`` is its path, and ``reason`` what is wrong with it. The pictures after it can be had all the same: see
    ``onerror``.
    """

    def __init__(self, filename: str, reason: str) -> None:
        super().__init__(filename, reason)
        self.filename = filename
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.filename}: {self.reason}"


class ImageTooLarge(ImageError):
    """A picture has more pixels than ``max_pixels`` allows; nothing of it was decoded."""


class WorkerLost(RuntimeError):
    """The worker of a `WorkerPool` has ended in the midst of the task: by ``sys.exit``, or because its process died.

    What ended it is the ``__cause__``, if there is an exception. The pool has another worker in its place.
    """


class WorkerTerminated(SystemExit):
    """Raised in a thread worker that is to end: by what waits for messages, or in the midst of its code.

    See `Worker.terminate`. Like any SystemExit it passes by ``except Exception``; ``finally`` and ``with`` do their
    part.
    """


class WorkerCrashed(RuntimeError):
    """The process of a worker has ended without saying so: by a signal, by ``os._exit``, or for want of memory.

    ``exit_code`` is that of the process; if a signal has ended it, minus the signal's number, which is ``signal`` then.
    """

    def __init__(self, name: str, exit_code: int) -> None:
        super().__init__(name, exit_code)
        self.name = name
        self.exit_code = exit_code

    @property
    def signal(self) -> int | None:
        return -self.exit_code if self.exit_code < 0 else None

    def __str__(self) -> str:
        if self.signal is None:
            return f"the process of the worker {self.name!r} has ended with exit code {self.exit_code}"
        import signal

        try:
            name = signal.Signals(self.signal).name
        except ValueError:
            name = f"signal {self.signal}"
        return f"the process of the worker {self.name!r} was ended by {name}"
