"""Programs that a benchmark measures in processes of their own."""

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.server import PROJECT


def call(module: str, *arguments: str) -> Any:
    """Run a module and return what it prints last, which is JSON."""
    process = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(process.stdout.splitlines()[-1])
