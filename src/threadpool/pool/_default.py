"""The default pool: made when it is first needed, stopped when the interpreter ends, made anew in a forked child."""

import os
import threading

from ._engine import Engine
from .width import workers

_engine: Engine | None = None
_making = threading.Lock()


def engine() -> Engine:
    return _engine or _make()


def _make() -> Engine:
    global _engine
    with _making:
        if _engine is None:
            made = Engine(workers(), "threadpool")
            try:
                # Where concurrent.futures stops its threads: before the interpreter waits for those that are left.
                threading._register_atexit(made.stop)  # type: ignore[attr-defined]
            except RuntimeError:  # the interpreter is ending: no threads any more
                made.stop()
            _engine = made
        return _engine


def _after_fork_in_child() -> None:
    global _engine, _making
    if _engine is not None:
        _engine.abandon()
    _engine = None
    _making = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
