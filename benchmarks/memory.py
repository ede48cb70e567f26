"""The most memory that a process has used."""

from __future__ import annotations

import resource
from pathlib import Path


def peak_mib() -> float:
    """Return the peak memory of this process.

    ``getrusage`` counts the parent's as well, because that peak survives fork and exec: it is only
    asked where there is no other way.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
