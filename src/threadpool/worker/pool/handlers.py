"""What the workers of a pool call: the functions of a file, or a function."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ..program import Program

Handler = Callable[[Any], Any]


class Handlers:
    """Of a pool: its target, checked. TypeError: it is neither the path of a file nor callable.

    `is_alone`: each worker has `sys.modules` to itself, and a file is a module there.
    """

    def __init__(self, target: Any, is_alone: bool = False) -> None:
        self._program = Program(target, False)
        self._is_alone = is_alone

    @property
    def path(self) -> str | None:
        return self._program.path

    def load(self) -> Callable[[str | None], Handler]:
        """In a worker, before its first task: what finds the handler of a name."""
        function: Any = self._program.function
        if function is not None:
            return _only(function)
        path = self._program.path or ""
        name = Path(path).stem
        self._program.is_main = self._is_alone and name not in sys.modules
        with contextlib.nullcontext() if self._program.is_main else _known(name):
            module = self._program.execute(name)
        if not callable(getattr(module, "default", None)):
            raise ValueError(f"target must have a function 'default', which {os.path.basename(path)} has not")
        return _functions(module, os.path.basename(path))

    def __repr__(self) -> str:
        return repr(self._program)


_lock = threading.Lock()
_known_for: dict[str, int] = {}


@contextlib.contextmanager
def _known(name: str) -> Iterator[None]:
    """Meanwhile `sys.modules` has a module of that name, which dataclasses look up: any, as each worker has its own."""
    with _lock:
        if name in _known_for or name not in sys.modules:
            sys.modules.setdefault(name, ModuleType(name))
            _known_for[name] = _known_for.get(name, 0) + 1
            is_ours = True
        else:
            is_ours = False
    try:
        yield
    finally:
        with _lock:
            if is_ours:
                _known_for[name] -= 1
                if not _known_for[name]:
                    del _known_for[name]
                    sys.modules.pop(name, None)


def _only(function: Handler) -> Callable[[str | None], Handler]:
    def find(name: str | None) -> Handler:
        if name is not None:
            raise ValueError(f"name must be None, as the handler of the pool is a function, not {name!r}")
        return function

    return find


def _functions(module: ModuleType, file: str) -> Callable[[str | None], Handler]:
    def find(name: str | None) -> Handler:
        handler: Handler | None = getattr(module, "default" if name is None else name, None)
        if not callable(handler):
            raise ValueError(f"name must be that of a function in {file}, not {name!r}")
        return handler

    return find
