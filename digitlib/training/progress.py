"""The adapter between Keras's training and the run folder: rows as it learns, a way to stop."""

import csv
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from digitlib.runs.folder import BATCH_COLUMNS, EPOCH_COLUMNS, Run

ROWS_PER_EPOCH = 50


class StopRequested(Exception):
    """Ends a training in mid-epoch, sparing it the validation that Keras would do otherwise."""


class RunFolderWriter(keras.callbacks.Callback):
    """Writes a row per few batches and per epoch; raises StopRequested if the run is to stop.

    Args:
        run: the run whose folder is written.
        on_row: called with each row of batches.csv, a dict with ``BATCH_COLUMNS``.
    """

    def __init__(self, run: Run, on_row: Callable[[dict], None] = lambda row: None):
        super().__init__()
        self.run = run
        self.on_row = on_row

    def on_train_begin(self, logs=None):
        self.began = time.monotonic()
        self.batches = _Table(self.run.folder / "batches.csv", BATCH_COLUMNS)
        self.epochs = _Table(self.run.folder / "epochs.csv", EPOCH_COLUMNS)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        self.last_batch, self.sums = 0, {"loss": 0.0, "accuracy": 0.0}

    def on_train_batch_end(self, batch, logs=None):
        batch += 1
        batches = self.params["steps"]
        every = max(1, batches // ROWS_PER_EPOCH)
        # The very first batch too: the chart begins where the network knows nothing.
        first = batch == 1 and self.epoch == 1
        if first or batch % every == 0 or batch == batches:
            self._write_batch_row(batch, batches, logs)
        if self.run.stop_requested:
            raise StopRequested

    def on_epoch_end(self, epoch, logs=None):
        row = [
            epoch + 1,
            round(time.monotonic() - self.began, 3),
            *(round(logs[name], 6) for name in ("loss", "accuracy", "val_loss", "val_accuracy")),
        ]
        self.epochs.append(row)

    def _write_batch_row(self, batch: int, batches: int, logs: dict):
        # Keras gives means over the epoch so far; the chart shows the batches since the last row.
        sums = {name: logs[name] * batch for name in self.sums}
        share = 1 / (batch - self.last_batch)
        means = {name: (sums[name] - self.sums[name]) * share for name in sums}
        self.last_batch, self.sums = batch, sums
        seconds = round(time.monotonic() - self.began, 3)
        loss, accuracy = round(means["loss"], 6), round(means["accuracy"], 6)
        row = (self.epoch, batch, batches, seconds, loss, accuracy)
        self.batches.append(row)
        self.on_row(dict(zip(BATCH_COLUMNS, row, strict=True)))


class _Table:
    """A .csv file that grows by whole rows, each on disk as soon as it is written."""

    def __init__(self, path: Path, columns: Sequence[str]):
        self._path = path
        path.unlink(missing_ok=True)
        self.append(columns)

    def append(self, row: Sequence) -> None:
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerow(row)
