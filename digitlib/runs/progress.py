"""How far a training has come, read off the rows it has written."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from digitlib.runs.catalogue import describe_networks
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import Run


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Attributes:
        epoch, batch: the last ones written down, counted from 1; 0 before the first.
        epochs, batches: how many there will be, and how many an epoch has.
        share: of the whole training, 0 to 1.
        seconds_left: at the pace so far; None while there is no pace yet.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int
    share: float
    seconds_left: float | None


def read_progress(run: Run) -> Progress:
    """Read how far a run has come."""
    return find_progress(run.read_batches(), run.config.all_epochs)


def find_progress(batches: pd.DataFrame, epochs: int) -> Progress:
    """Work out the progress from the rows of batches.csv.

    The pace is taken from the first row on: what came before it, such as building the graph, does
    not come again.

    Example: after batch 50 of 100 in epoch 1 of 2, 10 seconds after the first row, a quarter is
    done and some 30 seconds are left.
    """
    if batches.empty:
        return Progress(0, epochs, 0, 0, 0.0, None)
    first, last = batches.iloc[0], batches.iloc[-1]
    total = epochs * last["batches"]
    done = _count_done(last)
    since_first = done - _count_done(first)
    seconds_left = None
    if since_first > 0:
        pace = (last["seconds"] - first["seconds"]) / since_first
        seconds_left = float(pace * (total - done))
    return Progress(
        epoch=int(last["epoch"]),
        epochs=epochs,
        batch=int(last["batch"]),
        batches=int(last["batches"]),
        share=float(done / total),
        seconds_left=seconds_left,
    )


def expect_seconds(config: TrainingConfig, measured: Iterable[Run]) -> float | None:
    """Return how long a training will take, by one like it; None where nothing was measured.

    Args:
        config: of the training to come.
        measured: finished runs, the newest first. Of those with the same network the one with the
            nearest batch size tells the pace; where there is none, the network nearest in size.

    Example: 2 epochs of 10,000 digits took 8 s; 5 epochs of 20,000 will take 40 s.
    """
    measured = [run for run in measured if run.metrics.get("epochs") and not run.active]
    alike = [run for run in measured if run.config.network == config.network]
    if alike:
        run = min(alike, key=lambda run: abs(run.config.batch_size - config.batch_size))
    elif measured:
        size = describe_networks()[config.network].parameters
        run = min(measured, key=lambda run: abs(run.metrics["parameters"] - size))
    else:
        return None
    seen = run.metrics["epochs"] * run.config.digits_per_epoch
    return run.metrics["training_seconds"] / seen * config.all_epochs * config.digits_per_epoch


def _count_done(row: pd.Series) -> float:
    return (row["epoch"] - 1) * row["batches"] + row["batch"]
