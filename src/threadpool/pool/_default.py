"""The default pool: made when it is first needed, stopped when the interpreter ends, made anew in a forked child."""

from __future__ import annotations

import threading

from . import lifecycle
from ._engine import Engine
from .mapper import Mapper
from .width import workers

_making = threading.Lock()


class Default(Mapper):
    """The pool behind `threadpool.run` and its siblings."""

    def __getattr__(self, name: str) -> Engine:
        if name != "_engine":
            raise AttributeError(name)
        with _making:
            if "_engine" not in self.__dict__:
                self._engine = lifecycle.watched(Engine(workers(), "threadpool"))
            return self.__dict__["_engine"]  # type: ignore[no-any-return]

    def renew_after_fork(self) -> None:
        global _making
        _making = threading.Lock()
        self.__dict__.pop("_engine", None)


default = Default()
lifecycle.renewed_after_fork(default)
