"""How much memory this process has."""

import os
import resource
from pathlib import Path


def memory_bytes() -> int:
    """Resident size of this process; where the kernel does not tell, its greatest so far."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
