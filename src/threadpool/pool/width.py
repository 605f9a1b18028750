"""How many threads are worth having: the cores this process may use, and the share of them its container grants."""

import math
import os

from ..cores import usable_cores

VARIABLE = "THREADPOOL_WORKERS"
MOST_WORKERS = 65536


def workers() -> int:
    """The default width of a pool: the number of threads that can make progress at once.

    The cores that the process may run on (its affinity), capped by the CPU quota of its control group, rounded up;
    or the environment variable ``THREADPOOL_WORKERS``. Raises ValueError when that is not a number from 1 to 65536.
    Read anew at each call; the default pool reads it when it is first used.
    """
    override = os.environ.get(VARIABLE, "").strip()
    if override:
        if not override.isdecimal() or len(override) > 5 or not 1 <= int(override) <= MOST_WORKERS:
            raise ValueError(f"{VARIABLE} must be a whole number from 1 to {MOST_WORKERS}, not {override!r}")
        return int(override)
    cores = usable_cores()
    quota = cpu_quota()
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def cpu_quota(root: str = "/") -> float | None:
    """The cores' worth of time that Linux control groups (version 1 or 2) grant to this process, or None."""
    quotas = []
    for line in (_read(root, "proc/self/cgroup") or "").splitlines():
        _, controllers, group = line.split(":", 2)
        if not controllers:
            quota_of, mount = _quota_v2, "sys/fs/cgroup"
        elif "cpu" in controllers.split(","):
            quota_of, mount = _quota_v1, "sys/fs/cgroup/cpu"
        else:
            continue
        # A limit on a parent binds too. In a container the path may be the host's, and only the mount's root is there.
        parts = [part for part in group.split("/") if part]
        for depth in range(len(parts) + 1):
            quotas.append(quota_of(os.path.join(root, mount, *parts[:depth])))
    return min((quota for quota in quotas if quota is not None), default=None)


def _read(*path: str) -> str | None:
    try:
        with open(os.path.join(*path), encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return None


def _quota_v2(group: str) -> float | None:
    quota, _, period = (_read(group, "cpu.max") or "max").partition(" ")
    return _ratio(quota, period)


def _quota_v1(group: str) -> float | None:
    return _ratio(_read(group, "cpu.cfs_quota_us"), _read(group, "cpu.cfs_period_us"))


def _ratio(quota: str | None, period: str | None) -> float | None:
    try:
        cores = int(quota or "") / int(period or "")
    except ValueError:
        return None
    return cores if cores > 0 else None
