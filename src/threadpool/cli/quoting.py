"""File names in messages: in one line, and as a shell takes them, which is how coreutils shows them."""

import os
import re
from itertools import groupby

_SPECIAL = re.compile(r"""$|[#~]|[{}]$|.*[ !"$&'()*:;<=>?[\\^`|]""", re.DOTALL)
_SPECIAL_IN_DOUBLE_QUOTES = re.compile(r"""[!"$&()*;<=>?[\\^`{|}]|.[#~]""")
_LETTERS = dict(zip(b"\a\b\t\n\v\f\r", "abtnvfr", strict=True))


def quoted(name: str) -> str:
    """The name; in quotes where a shell needs them, and ``$'...'`` for what cannot be printed."""
    if name.isprintable():
        if not _SPECIAL.match(name):
            return name
        if "'" in name and not _SPECIAL_IN_DOUBLE_QUOTES.search(name):
            return f'"{name}"'
    words: list[str] = []
    for printable, characters in groupby(name, str.isprintable):
        run = "".join(characters)
        if not printable:
            words += [] if words else ["''"]
            words.append("$'" + "".join(f"\\{_LETTERS.get(byte, f'{byte:03o}')}" for byte in os.fsencode(run)) + "'")
        else:
            word = "'" + run.replace("'", r"'\''") + "'"
            words.append(word.removeprefix("''") if words else word)
    return "".join(words) or "''"
