"""What is freed goes back to the system, in a process of its own: its settings are for good."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, time
import psutil
from digitlib.ui import memory

memory.EVERY = 0.1
if sys.argv[1] == "yes":
    memory.return_free_memory()
blocks = [b"x" * 100_000 for _ in range(500)]
last = b"x" * 100_000  # above them on the heap, which cannot shrink from its end
del blocks
time.sleep(1)
print(psutil.Process().memory_info().rss)
"""


def measure(returned: str) -> int:
    command = [sys.executable, "-c", PROGRAM, returned]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of the C library of Linux")
def test_what_is_freed_goes_back_to_the_system():
    assert measure("yes") < measure("no") - 30_000_000  # bytes, of 50 million
