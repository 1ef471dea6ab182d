"""What a worker process is asked to do. It is sent a run's folder, and nothing is sent back."""

import hashlib
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from distributed import get_worker
from distributed.core import Status as WorkerStatus


def train_in_worker(folder: str, code: str) -> None:
    """Train the run in this folder.

    A task may be run twice, after a worker was lost: what is left of the run is then trained here.

    Args:
        folder: of the run.
        code: ``stamp_code()`` where the run was submitted. A worker that has loaded other code
            loads this project anew first, so that it trains the network that the page shows.
    """
    _load_anew_unless(code)
    from digitlib.runs.folder import read_run
    from digitlib.runs.lifecycle import carry_out

    try:
        carry_out(read_run(Path(folder)), on_batch=_watch_scheduler())
    except Exception as error:
        # The run folder holds the reason; the worker's log keeps where it came from.
        traceback.print_exception(error)
        sys.stderr.flush()


def warm_worker(network: str, code: str) -> None:
    """Load TensorFlow, the digits, and all that a first training of a network does once."""
    _load_anew_unless(code)
    from digitlib.training.warm import warm_up

    warm_up(network)


def stamp_code() -> str:
    """Return a sum over the sources of digitlib as they are on disk now."""
    stamp = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        stamp.update(path.read_bytes())
    return stamp.hexdigest()


CODE = stamp_code()  # of what this process has loaded


def _load_anew_unless(code: str) -> None:
    if code != CODE:
        for name in [name for name in sys.modules if name.partition(".")[0] == "digitlib"]:
            del sys.modules[name]


def _watch_scheduler() -> Callable[[], None]:
    """Return what to call after every batch: it ends a training whose worker is on its way out."""
    from digitlib.errors import TrainingAbandoned, TrainingInterrupted
    from digitlib.runs.local_engine import answers

    try:
        worker = get_worker()
    except ValueError:  # not in a worker
        return lambda: None
    alive = (WorkerStatus.init, WorkerStatus.running, WorkerStatus.paused)

    def check() -> None:
        if worker.status in alive:
            return
        if answers(worker.scheduler.address):
            raise TrainingAbandoned("The worker was told to end.")
        raise TrainingInterrupted("The process that hands out the work went away before the end.")

    return check
