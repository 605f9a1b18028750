"""What only a worker that is a process can be given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import IO, Any, NamedTuple

from .main_module import refuse_while_importing

Streams = tuple[IO[bytes] | None, IO[bytes] | None, IO[bytes] | None]
NO_STREAMS: Streams = (None, None, None)


class ProcessOptions(NamedTuple):
    argv: list[str] | None
    env: dict[str, str] | None
    stdin: bool
    stdout: bool
    stderr: bool
    resource_limits: dict[str, int] | None

    @classmethod
    def checked(
        cls,
        runtime: Any,
        argv: Any,
        env: Any,
        resource_limits: Any,
        stdin: bool = False,
        stdout: bool = False,
        stderr: bool = False,
    ) -> ProcessOptions:
        """TypeError and ValueError name the argument; a thread has none. NotImplementedError: no processes here;
        RuntimeError: not now.
        """
        if runtime not in ("thread", "process"):
            raise ValueError(f"runtime must be 'thread' or 'process', not {runtime!r}")
        options = cls(
            None if argv is None else _strings(argv),
            None if env is None else _environment(env),
            bool(stdin),
            bool(stdout),
            bool(stderr),
            None if resource_limits is None else _limits(resource_limits),
        )
        if runtime == "thread":
            options._refuse()
        elif os.name == "nt":
            raise NotImplementedError("runtime='process': not on Windows yet")
        else:
            refuse_while_importing()
        return options

    def _refuse(self) -> None:
        for name, value in self._asdict().items():
            if value not in (None, False):
                raise ValueError(f"{name} is for runtime='process' only: a thread shares it with the whole process")


def _strings(argv: Any) -> list[str]:
    items = list(argv) if isinstance(argv, Iterable) and not isinstance(argv, (str, bytes)) else [argv]
    if items == [argv] or not all(isinstance(each, str) and "\0" not in each for each in items):
        raise TypeError(f"argv must be a list of str, not {argv!r}")
    return items


def _environment(env: Any) -> dict[str, str]:
    items: dict[Any, Any] = dict(env) if isinstance(env, Mapping) else {None: None}
    if not all(isinstance(key, str) and isinstance(value, str) for key, value in items.items()):
        raise TypeError(f"env must be a dict of str to str, not {env!r}")
    for key, value in items.items():
        if not key or "=" in key or "\0" in key + value:
            raise ValueError(f"env must be what a process can be given, not {key!r}: {value!r}")
    return items


def _limits(limits: Any) -> dict[str, int]:
    if not isinstance(limits, Mapping):
        raise TypeError(f"resource_limits must be a dict, not {type(limits).__name__!r}")
    for key, value in limits.items():
        if key != "memory":
            raise ValueError(f"resource_limits has 'memory' only, not {key!r}")
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"resource_limits['memory'] must be a number of bytes, not {type(value).__name__!r}")
        if value <= 0:
            raise ValueError(f"resource_limits['memory'] must be more than 0, not {value}")
    return dict(limits)
