"""On what a network was trained."""

import os
import platform
from pathlib import Path


def describe_machine() -> str:
    """Return a line such as ``Intel(R) Xeon(R) Processor, 2 cores, Linux, Python 3.12.1``."""
    processor = _read_processor() or platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{processor}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def _read_processor() -> str:
    """Return what Linux says of its processor; elsewhere nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else ""
