"""Paths, as they are given."""

import os

Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def decoded(name: str, path: Path) -> str:
    """The path of an argument called `name`, as a string."""
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise TypeError(f"{name} must be a path (str, bytes or os.PathLike), not {type(path).__name__!r}") from None
    if "\0" in text:
        raise ValueError(f"{name} must be a path without null characters, not {text!r}")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise ValueError(f"{name} must be a path that can be encoded, not {text!r}") from None
    return text
