"""The default pool: made when it is first needed, stopped when the interpreter ends, made anew in a forked child."""

from __future__ import annotations

from . import lifecycle
from ._engine import Engine
from .mapper import Mapper
from .width import workers


class Default(Mapper):
    """The pool behind `threadpool.run` and its siblings."""

    def __getattr__(self, name: str) -> Engine:
        if name != "_engine":
            raise AttributeError(name)
        # Without a lock, which a signal handler that runs something could find held by its own thread. Of two engines
        # that are made at once one is forgotten, before it has started a thread.
        engine = lifecycle.watched(Engine(workers(), "threadpool"))
        return self.__dict__.setdefault("_engine", engine)  # type: ignore[no-any-return]

    def __reduce__(self) -> str:
        return "default"  # so that `threadpool.run` can be pickled

    def renew_after_fork(self) -> None:
        self.__dict__.pop("_engine", None)


default = Default()
lifecycle.renewed_after_fork(default)
