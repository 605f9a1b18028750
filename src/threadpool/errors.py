"""The exceptions of this library. Where Python has one that fits, that is raised instead."""


class QueueFull(RuntimeError):
    """`Pool.submit` found the queue full, in a pool with ``max_queue`` and ``when_full="raise"``.

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
