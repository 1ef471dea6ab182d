"""The engine, used by a benchmark as the app uses it, over a folder of runs of its own."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from digitlib.runs.config import TrainingConfig
from digitlib.runs.engine import stop_run, submit_run, warm_engine
from digitlib.runs.folder import Run, create_run, load_run

PATIENCE = 600.0


@contextmanager
def use_engine(runs: Path) -> Iterator[None]:
    """Have this process use the engine of a folder of runs; begin when it is warm, and end it."""
    before = os.environ.get("DIGITLIB_RUNS")
    os.environ["DIGITLIB_RUNS"] = str(runs)
    try:
        warm_engine()
        run = create_run(TrainingConfig("softmax", epochs=1, training_digits=100))
        submit_run(run)
        wait_for_end(run)
        yield
    finally:
        end_engine(runs)
        os.environ.pop("DIGITLIB_RUNS")
        if before is not None:
            os.environ["DIGITLIB_RUNS"] = before


@contextmanager
def train_meanwhile(runs: Path) -> Iterator[None]:
    """Train a network from the beginning of the block to its end."""
    with use_engine(runs):
        run = create_run(TrainingConfig("cnn", epochs=100, batch_size=64, dropout=0.5))
        submit_run(run)
        while load_run(run.id).read_batches().empty:
            time.sleep(0.05)
        yield
        assert load_run(run.id).status.state == "running", "the training ended too early"
        stop_run(run)
        wait_for_end(run)


def wait_for_end(run: Run) -> Run:
    """Wait until a run has ended, and return it."""
    deadline = time.monotonic() + PATIENCE
    while load_run(run.id).active:
        assert time.monotonic() < deadline, f"{run.id} does not end"
        time.sleep(0.01)
    return load_run(run.id)


def end_engine(runs: Path) -> None:
    """End the scheduler and the worker of a folder of runs."""
    scheduler_file = str(runs / ".engine" / "scheduler.json")
    while found := [
        process
        for process in psutil.process_iter(["cmdline"])
        if scheduler_file in (process.info["cmdline"] or [])
    ]:
        family = [*found, *(child for each in found for child in each.children(recursive=True))]
        for process in family:
            if process.is_running():
                process.kill()
        psutil.wait_procs(family, timeout=5)
