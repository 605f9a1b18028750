"""The cores of this machine that are ours."""

import os
import sys


def usable_cores() -> int:
    """The cores that this process may run on."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
