"""Pools at the ends of a process: in a forked child, and when the interpreter ends."""

from __future__ import annotations

import os
import threading
import weakref

from ._python_loop import abandon_loops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, TypeVar

    class _Watched(Protocol):
        def stop(self) -> None: ...
        def abandon(self) -> None: ...

    _T = TypeVar("_T")
    _W = TypeVar("_W", bound=_Watched)

    class _Renewable(Protocol):
        def renew_after_fork(self) -> None: ...


# Sets of references, whose methods are atomic: a WeakSet cannot be walked while other threads change it.
_watched: set[weakref.ref[_Watched]] = set()
_renewable: set[weakref.ref[_Renewable]] = set()
_ending = False


def watched(thing: _W) -> _W:
    """Has it `stop` when the interpreter ends: what an engine was given is finished, runs go on without its threads.

    And `abandon` its threads in a forked child, where they are not.
    """
    _watched.add(weakref.ref(thing, _watched.discard))
    if _ending:
        thing.stop()
    return thing


def renewed_after_fork(pool: _Renewable) -> None:
    """Calls the pool's `renew_after_fork` in a forked child, where its threads are not."""
    _renewable.add(weakref.ref(pool, _renewable.discard))


def _alive(references: set[weakref.ref[_T]]) -> list[_T]:
    return [thing for reference in references.copy() if (thing := reference()) is not None]


def _stop_all() -> None:
    global _ending
    _ending = True
    for thing in _alive(_watched):
        thing.stop()


def _after_fork_in_child() -> None:
    abandon_loops()
    for thing in _alive(_watched):
        thing.abandon()
    _watched.clear()
    for pool in _alive(_renewable):
        pool.renew_after_fork()


# Where concurrent.futures stops its threads: before the interpreter waits for those that are left. Now and not with the
# first run, which another thread may be about to do while the main thread already calls what was registered.
try:
    threading._register_atexit(_stop_all)  # type: ignore[attr-defined]
except RuntimeError:  # the interpreter is ending: no threads any more
    _stop_all()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
