"""Studies: how long each part of what is computed once for a model takes, and how large it is.

By the clock, and in seconds of processor, which other work on the machine does not lengthen much.
There is no peer: other tools lay out no map of a network of one's own.
"""

import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.table import Row, print_table
from digitlib.runs.folder import Run, list_shipped, read_run
from digitlib.runs.study_files import PARTS
from digitlib.study import make_study


def run() -> None:
    """Make the study of every shipped model anew, elsewhere, and print the table."""
    rows = []
    for shipped in list_shipped().runs:
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copytree(shipped.folder, Path(folder) / shipped.id)
            shutil.rmtree(copy / "study", ignore_errors=True)
            rows += measure(read_run(copy))
    print_table("Studies", rows)


def measure(run: Run) -> list[Row]:
    """Return the time of each step of a run's study, and the size of each file."""
    watch = _Watch()
    make_study(run, watch)
    watch("", 0.0)
    rows = [
        Row(f"{run.id}: {step}{what}", [seconds], digits=1)
        for step, times in watch.seconds.items()
        for what, seconds in zip(("", ", processor"), times, strict=True)
    ]
    for part in PARTS:
        size = (run.folder / "study" / f"{part}.npz").stat().st_size
        rows.append(Row(f"{run.id}: {part}.npz", [size / 1e3], unit="kB", digits=0))
    return rows


class _Watch:
    """Notes how long each step takes."""

    def __init__(self):
        self.seconds = {}
        self._step, self._began = "", (0.0, 0.0)

    def __call__(self, step: str, share: float) -> None:
        if step == self._step:
            return
        now = time.perf_counter(), time.process_time()
        if self._step:
            self.seconds[self._step] = [
                end - begin for begin, end in zip(self._began, now, strict=True)
            ]
        self._step, self._began = step, now
