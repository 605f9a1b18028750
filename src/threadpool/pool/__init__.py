"""The pool: a call becomes a loop, and threads share it out. See `csrc/pool/loop.h` for how."""

from ._default import default
from ._engine import current_worker
from ._python_loop import cancelled
from .pointer import kernel
from .width import workers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .executor import Pool

run = default.run
starmap = default.starmap
map_blocks = default.map_blocks
imap = default.imap
imap_unordered = default.imap_unordered
run_async = default.run_async
dump = default.dump

__all__ = [
    "Pool",
    "cancelled",
    "current_worker",
    "dump",
    "imap",
    "imap_unordered",
    "kernel",
    "map_blocks",
    "run",
    "run_async",
    "starmap",
    "workers",
]


def __getattr__(name: str) -> type:
    # concurrent.futures, which Pool belongs to, takes as long to import as all the rest.
    if name != "Pool":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .executor import Pool

    globals()["Pool"] = Pool
    return Pool


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
