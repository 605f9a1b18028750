"""The main module of a process that makes a worker, in the worker's process: it is imported there, by another name."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

_importing: set[int] = set()  # the thread that imports one just now


def preparation() -> dict[str, Any]:
    """Where that of this process is found, as multiprocessing wants it."""
    from multiprocessing.spawn import get_preparation_data

    main = {key: value for key, value in get_preparation_data("").items() if key.startswith("init_main_")}
    return main if os.path.exists(main.get("init_main_from_path", "/")) else {}  # not "<stdin>"


def refuse_while_importing() -> None:
    """RuntimeError: a main program without its guard would start the same again, in each process."""
    if threading.get_ident() in _importing:
        raise RuntimeError(
            "the process of a worker imports the main program, which must not start one itself then: it needs the "
            'guard if __name__ == "__main__": around what starts processes'
        )


class ParentMain:
    """That of the process that has made this one, for messages with what is defined there.

    Imported when one needs it, as multiprocessing does; not where it is the program here as well.
    """

    def __init__(self) -> None:
        self.preparation: dict[str, Any] = {}
        self.has_program = False  # whether `__main__` is the worker's own program
        self._is_prepared = False
        self._lock = threading.RLock()

    def name(self) -> str:
        with self._lock:
            own = sys.modules["__main__"]
            path = self.preparation.get("init_main_from_path")
            if path is not None and getattr(own, "__file__", None) == path:
                return "__main__"
            if not self._is_prepared:
                self._is_prepared = True
                self._prepare()
                if self.has_program:
                    sys.modules["__main__"] = own
        return "__mp_main__" if "__mp_main__" in sys.modules else "__main__"

    def _prepare(self) -> None:
        from multiprocessing.spawn import prepare

        _importing.add(threading.get_ident())
        try:
            prepare(self.preparation)
        finally:
            _importing.clear()
