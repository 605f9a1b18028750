"""How many threads are worth having: the cores this process may use, and the share of them its container grants."""

import math
import os
import sys
from pathlib import Path

VARIABLE = "THREADPOOL_WORKERS"


def workers() -> int:
    """The default width of a pool: the number of threads that can make progress at once.

    The cores that the process may run on (its affinity), capped by the CPU quota of its control group, rounded up;
    or the environment variable ``THREADPOOL_WORKERS``. Raises ValueError when that is not a number of at least 1.
    Read anew at each call; the default pool reads it when it is first used.
    """
    override = os.environ.get(VARIABLE, "").strip()
    if override:
        if not override.isdecimal() or int(override) < 1:
            raise ValueError(f"{VARIABLE} must be a whole number of at least 1, not {override!r}")
        return int(override)
    cores = usable_cores()
    quota = cpu_quota()
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def usable_cores() -> int:
    """The cores that this process may run on."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_quota(root: Path = Path("/")) -> float | None:
    """The cores' worth of time that Linux control groups (version 1 or 2) grant to this process, or None."""
    try:
        memberships = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    quotas = []
    for line in memberships:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            read, mount = _quota_v2, root / "sys/fs/cgroup"
        elif "cpu" in controllers.split(","):
            read, mount = _quota_v1, root / "sys/fs/cgroup/cpu"
        else:
            continue
        # A limit on a parent binds too. In a container the path may be the host's, and only the mount's root is there.
        group = mount / path.lstrip("/")
        while True:
            quotas.append(read(group))
            if group == mount or mount not in group.parents:
                break
            group = group.parent
    return min((quota for quota in quotas if quota is not None), default=None)


def _quota_v2(group: Path) -> float | None:
    try:
        quota, period = (group / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _quota_v1(group: Path) -> float | None:
    try:
        quota = int((group / "cpu.cfs_quota_us").read_text())
        return None if quota < 0 else quota / int((group / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
