"""How long this process runs, as the kernel counts: imports are in it."""

import os
import time
from pathlib import Path

_STARTTIME = 19
"""Place of `starttime` among the fields of /proc/self/stat that follow the process's name (proc(5), field 22)."""


def seconds_since_start() -> float:
    """Seconds since the process was started, to a hundredth."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    started = int(fields[_STARTTIME]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started
