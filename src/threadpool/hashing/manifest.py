"""The manifest format of coreutils' sha256sum: a line for each file, digest and name.

Written from the manual of coreutils, chapter "cksum invocation" and those after it, and from what sha256sum does.
"""

import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..errors import ManifestError
from ._table import digest_sizes

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_UNESCAPES = {b"\\": b"\\", b"n": b"\n", b"r": b"\r"}


def line(path: str, hexdigest: str) -> bytes:
    """A manifest's line, with its newline, for one file.

    A name with a backslash, a newline or a carriage return is escaped, and the line then begins with a backslash.
    """
    escaped = escape(path)
    mark = "\\" if escaped != path else ""
    return os.fsencode(f"{mark}{hexdigest}  {escaped}\n")


def escape(path: str) -> str:
    """A name as it stands in a line that begins with a backslash."""
    return path.translate(_ESCAPES)


class Entry(NamedTuple):
    """What a line says."""

    path: str
    hexdigest: str


def entries(
    lines: Iterable[bytes], manifest: str, algorithm: str, refused: str | None = None
) -> Iterator[Entry | ManifestError]:
    """What the lines say, or in the place of a line what is wrong with it, as ``sha256sum --check`` reads them.

    A line is ``digest  name``, ``digest *name``, ``digest name`` (one blank, as BSD's ``-r`` writes) or, with
    ``--tag``, ``SHA256 (name) = digest``. Blanks before it and one carriage return at its end are no part of it; a
    backslash before it says that the name is escaped. Empty lines, and those that begin with ``#``, say nothing. After
    a line with two blanks, one with a single blank is malformed; after one with a single blank, a second belongs to the
    name. That is for each manifest to say, where sha256sum goes by the first of them. A line with a null character,
    where sha256sum cuts the name short, is malformed.

    ``manifest`` is what errors call the manifest. A line for the name ``refused`` is malformed.
    """
    tag = algorithm.upper().encode()
    digest = rb"([0-9a-fA-F]{%d})" % (2 * digest_sizes[algorithm])
    tagged = re.compile(rb"[ \t]*(\\?)" + tag + rb" ?\((.*)\)[ \t]*=[ \t]*" + digest, re.DOTALL)
    plain = re.compile(rb"[ \t]*(\\?)" + digest + rb"[ \t](.+)", re.DOTALL)
    one_blank: bool | None = None  # between digest and name; unknown before the first such line

    def parse(text: bytes) -> Entry | None:
        nonlocal one_blank
        if match := tagged.fullmatch(text):
            escaped, name, hexdigest = match.groups()
        elif match := plain.fullmatch(text):
            escaped, hexdigest, name = match.groups()
            if len(name) > 1 and name.startswith((b" ", b"*")):
                if not one_blank:
                    one_blank = False
                    name = name[1:]
            elif one_blank is False:
                return None
            else:
                one_blank = True
        else:
            return None
        if escaped:
            try:
                name = re.sub(rb"\\(.?)", lambda escape: _UNESCAPES[escape[1]], name, flags=re.DOTALL)
            except KeyError:
                return None
        return Entry(os.fsdecode(name), hexdigest.decode().lower())

    for number, text in enumerate(lines, 1):
        if not isinstance(text, bytes):
            raise TypeError(f"{manifest} must be a file of bytes: line {number} is of type {type(text).__name__!r}")
        if text.startswith(b"#"):
            continue
        text = text.removesuffix(b"\n").removesuffix(b"\r")
        if not text:
            continue
        entry = None if b"\0" in text else parse(text)
        if entry is None or entry.path == refused:
            yield ManifestError(manifest, number, f"improperly formatted {algorithm.upper()} checksum line")
        else:
            yield entry
