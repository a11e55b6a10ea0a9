"""How many threads there should be."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Return how many cores this process may use: those of its mask, and no more than OMP_NUM_THREADS says, if that is set."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # A list gives a number for each level of nesting.
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return min(cores, int(wanted)) if wanted.isdecimal() and int(wanted) > 0 else cores
