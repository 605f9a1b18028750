"""What a worker runs: a file, source text or a function."""

from __future__ import annotations

import functools
import hashlib
import inspect
import io
import linecache
import os
import sys
from collections.abc import Callable, Coroutine
from types import CodeType, ModuleType
from typing import Any

from .current import current
from .messages.homes import LoopHome

MOST_SHOWN = 256  # source texts


class Program:
    """Of a worker: `target` as it was given, checked."""

    is_main = False  # whether it has the process to itself, whose other modules know its module by its name

    def __init__(self, target: Any, is_source: bool) -> None:
        self.path: str | None = None
        self.source: str | None = None
        self.function: Callable[[], Any] | None = None
        if is_source:
            if not isinstance(target, str):
                raise TypeError(f"target must be a str with eval=True, not {type(target).__name__!r}")
            self.source = target
        elif isinstance(target, (str, os.PathLike)):
            self.path = os.path.abspath(os.fsdecode(target))  # as seen from where the worker is made
        elif callable(target):
            self.function = target
        else:
            raise TypeError(f"target must be the path of a file or a callable, not {type(target).__name__!r}")

    def run(self) -> None:
        """Does it, in this thread. A coroutine function runs on an event loop of its own."""
        if self.function is None:
            self.execute("__main__")
            return
        result = self.function()
        if inspect.iscoroutine(result):
            import asyncio

            asyncio.run(_in_loop(result))

    def execute(self, name: str) -> ModuleType:
        """Executes the file or the source as a module of that name; `sys.modules` learns of the main module only."""
        module = ModuleType(name)
        if self.is_main:
            sys.modules[name] = module
        if self.path is not None:
            with io.open_code(self.path) as file:
                text: str | bytes = file.read()
            filename = module.__file__ = self.path
        else:
            text = self.source or ""
            filename = f"<worker source {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}>"
            _show(filename, text)
        exec(_compiled(text, filename), module.__dict__)
        return module

    def __repr__(self) -> str:
        if self.path is not None:
            return os.path.basename(self.path)
        return "source" if self.function is None else repr(self.function)


_shown: dict[str, None] = {}  # the names of the sources of which tracebacks show lines, the oldest first


def _show(filename: str, text: str) -> None:
    """Has tracebacks show its lines, and not those of the oldest any more, as there may be ever new ones."""
    _shown.pop(filename, None)
    _shown[filename] = None
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    for oldest in list(_shown)[:-MOST_SHOWN]:
        _shown.pop(oldest, None)
        linecache.cache.pop(oldest, None)


@functools.lru_cache(maxsize=16)
def _compiled(text: str | bytes, filename: str) -> CodeType:
    """Remembered, as many workers often run the same: it takes time, and memory that the thread keeps."""
    return compile(text, filename, "exec", dont_inherit=True)


async def _in_loop(coroutine: Coroutine[Any, Any, object]) -> None:
    import asyncio

    context, loop = current(), asyncio.get_running_loop()
    home = context.loop_home = LoopHome(loop)
    try:
        context.use(loop)
        await coroutine
        await home.serve()
    finally:
        context.has_done_loop = True
