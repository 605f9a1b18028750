"""What a pool tells of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Percentiles:
    """Times in seconds, right within an eighth."""

    p50: float
    p90: float
    p99: float
    most: float


@dataclass(frozen=True)
class Stats:
    """A pool at some moment. Counts are of submitted calls and of the items of runs, since the pool was made."""

    workers: int
    """Threads that are there."""
    busy: int
    """Those of them that have something to do."""
    queued: int
    """Calls and pieces of streams that wait for a thread."""
    completed: int
    failed: int
    cancelled: int
    """Neither completed nor failed: cancelled, timed out, or above an error."""
    utilization: float
    """The part of their time for which the threads that are there have worked, from 0 to 1."""
    run_time: Percentiles
    """How long submitted calls took."""
    wait_time: Percentiles
    """How long they had waited before."""

    @classmethod
    def of(cls, figures: dict[str, Any]) -> Stats:
        """Stats of an engine's figures."""
        seconds, busy_seconds = figures.pop("seconds"), figures.pop("busy_seconds")
        utilization = busy_seconds / seconds if seconds else 0.0
        run_time, wait_time = Percentiles(*figures.pop("run_times")), Percentiles(*figures.pop("wait_times"))
        return cls(**figures, utilization=min(1.0, utilization), run_time=run_time, wait_time=wait_time)
