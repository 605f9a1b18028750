"""The manifest format of coreutils' sha256sum: a line for each file, digest and name."""

import os

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


def line(path: str, hexdigest: str) -> bytes:
    """A manifest's line, with its newline, for one file.

    A name with a backslash, a newline or a carriage return is escaped, and the line then begins with a backslash.
    """
    escaped = path.translate(_ESCAPES)
    mark = "\\" if escaped != path else ""
    return os.fsencode(f"{mark}{hexdigest}  {escaped}\n")
