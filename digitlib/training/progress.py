"""The adapters between Keras's training and the run folder: what is written down as it learns."""

import csv
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from digitlib.data import Digits
from digitlib.runs.config import TrainingConfig
from digitlib.runs.epoch_answers import drop_answers_after, write_epoch_answers
from digitlib.runs.folder import BATCH_COLUMNS, Run
from digitlib.runs.schedule import SCHEDULES
from digitlib.runs.snapshots import Snapshot, drop_snapshots_after, pick_panel, write_snapshot
from digitlib.training.checkpoint import Best, write_checkpoint
from digitlib.training.digits import load_digits, to_input

ROWS_PER_EPOCH = 50

# Shares of the first epoch after which a snapshot is taken: most is learnt at its beginning.
EARLY_SNAPSHOTS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75)
MOST_FILTERS = 32
MOST_FILTER_PIXELS = 16 * 28 * 28
ANSWERED_AT_ONCE = 500


def rows_every(batches: int) -> int:
    """Return how many batches lie between two rows, in epochs of so many."""
    return max(1, batches // ROWS_PER_EPOCH)


class StopRequested(Exception):
    """Ends a training in mid-epoch, sparing it the validation that Keras would do otherwise.

    Its text says for people why the training ended.
    """


class RowWriter(keras.callbacks.Callback):
    """Writes a row per few batches and per epoch.

    Args:
        run: the run whose folder is written.
        first_epoch: how many epochs were learnt before, by a process that died; what the run folder
            holds of later ones is dropped.
        on_row: called with each row of batches.csv, a dict with ``BATCH_COLUMNS``.
    """

    def __init__(
        self,
        run: Run,
        first_epoch: int = 0,
        on_row: Callable[[dict], None] = lambda row: None,
    ):
        super().__init__()
        self.run = run
        self.on_row = on_row
        self.began = None
        batches, epochs = run.read_batches(), run.read_epochs()
        batches = batches[batches["epoch"] <= first_epoch]
        epochs = epochs[epochs["epoch"] <= first_epoch]
        self.seconds_before = float(epochs["seconds"].max()) if len(epochs) else 0.0
        self.batches = _Table(run.folder / "batches.csv", batches)
        self.epochs = _Table(run.folder / "epochs.csv", epochs)

    @property
    def seconds(self) -> float:
        """How long the run has been trained, by this process and those before."""
        return time.monotonic() - self.began + self.seconds_before

    def on_train_begin(self, logs=None):
        # Once: of a cross-validation all networks count.
        self.began = self.began or time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        self.last_batch, self.sums = 0, {"loss": 0.0, "accuracy": 0.0}

    def on_train_batch_end(self, batch, logs=None):
        batches = self.params["steps"]
        # Keras takes several steps at once and may count some that were not there any more.
        batch = min(batch + 1, batches)
        # At once in the first epoch: the chart begins where the network knows nothing.
        first = self.last_batch == 0 and self.epoch == 1
        if first or batch - self.last_batch >= rows_every(batches) or batch == batches:
            self._write_batch_row(batch, batches, logs)

    def on_epoch_end(self, epoch, logs=None):
        row = [
            epoch + 1,
            round(self.seconds, 3),
            *(round(logs[name], 6) for name in ("loss", "accuracy", "val_loss", "val_accuracy")),
        ]
        self.epochs.append(row)

    def _write_batch_row(self, batch: int, batches: int, logs: dict):
        # Keras gives means over the epoch so far; the chart shows the batches since the last row.
        sums = {name: logs[name] * batch for name in self.sums}
        share = 1 / (batch - self.last_batch)
        means = {name: (sums[name] - self.sums[name]) * share for name in sums}
        self.last_batch, self.sums = batch, sums
        loss, accuracy = round(means["loss"], 6), round(means["accuracy"], 6)
        row = (self.epoch, batch, batches, round(self.seconds, 3), loss, accuracy)
        self.batches.append(row)
        self.on_row(dict(zip(BATCH_COLUMNS, row, strict=True)))


class RunFolderWriter(RowWriter):
    """Writes the rows, and a checkpoint after each epoch.

    Args:
        run, first_epoch, on_row: as in RowWriter.
        best: the best weights so far.
    """

    def __init__(
        self,
        run: Run,
        first_epoch: int = 0,
        best: Best | None = None,
        on_row: Callable[[dict], None] = lambda row: None,
    ):
        super().__init__(run, first_epoch, on_row)
        self.best = best

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if self.best is None or logs["val_accuracy"] > self.best.accuracy:
            self.best = Best(epoch + 1, logs["val_accuracy"], self.model.get_weights())
        # After the row, so that there is one for every epoch that a checkpoint speaks of.
        write_checkpoint(self.model, self.run, epoch + 1, self.best)


class StopWatcher(keras.callbacks.Callback):
    """Ends a training that is told to stop, or whose time is up.

    Args:
        run: the run.
        seconds: that it may be trained, and
        seconds_before: how many of them a process that died has used.
        on_batch: called after every batch; what it raises ends the training.
        kept: what becomes of a training that is broken off, for people.
    """

    def __init__(
        self,
        run: Run,
        seconds: float,
        seconds_before: float = 0.0,
        on_batch: Callable[[], None] = lambda: None,
        kept: str = "the model is as good as it got",
    ):
        super().__init__()
        self.run, self.limit, self.on_batch, self.kept = run, seconds, on_batch, kept
        self.seconds_before = seconds_before
        self.ends = None

    def on_train_begin(self, logs=None):
        # Once: all networks of a cross-validation share the time.
        self.ends = self.ends or time.monotonic() + self.limit - self.seconds_before

    def on_test_batch_end(self, batch, logs=None):
        self._look_for_stop()

    def on_train_batch_end(self, batch, logs=None):
        self.look()

    def look(self) -> None:
        """Raise StopRequested if it is told to stop, or its time is up."""
        self._look_for_stop()
        if time.monotonic() > self.ends:
            limit = (
                f"{self.limit:,} seconds" if self.limit < 120 else f"{self.limit / 60:,.3g} minutes"
            )
            raise StopRequested(
                f"It was stopped because a training may take no more than {limit} here; "
                f"{self.kept}."
            )
        self.on_batch()

    def _look_for_stop(self) -> None:
        if self.run.stop_requested:
            raise StopRequested(f"It was stopped; {self.kept}.")


class RateSetter(keras.callbacks.Callback):
    """Sets the learning rate by the schedule of a config, for each few batches taken at once.

    Args:
        config: of the training.
        batches: of an epoch.
        start: the epoch, from 0, with which the schedule begins.
    """

    def __init__(self, config: TrainingConfig, batches: int, start: int = 0):
        super().__init__()
        self.config, self.all_batches = config, batches * config.epochs
        self.batches, self.start = batches, start

    def on_epoch_begin(self, epoch, logs=None):
        self.before = (epoch - self.start) * self.batches

    def on_train_batch_begin(self, batch, logs=None):
        if self.config.schedule != "constant":
            share = SCHEDULES[self.config.schedule]((self.before + batch) / self.all_batches)
            self.model.optimizer.learning_rate = self.config.learning_rate * share


class AverageWeights(keras.callbacks.SwapEMAWeights):
    """Has the averaged weights in use between epochs, where the optimiser averages them.

    They and those that are trained change places: at the end of an epoch the model has the
    averaged ones and the optimiser's memory those that are trained, also in a checkpoint.

    Args:
        in_use: whether the model has the averaged weights already, as after a checkpoint.
    """

    def __init__(self, in_use: bool):
        super().__init__(swap_on_epoch=True)
        self._ema_weights_in_model = in_use

    def use(self) -> None:
        """Put the averaged weights to use at the end of a training that is broken off."""
        if not self._ema_weights_in_model:
            self._swap_variables()
            self._ema_weights_in_model = True


class SnapshotWriter(keras.callbacks.Callback):
    """Takes a snapshot before the first batch, a few times in the first epoch, and after each.

    Args:
        run: the run whose folder is written.
        first_epoch: as in RunFolderWriter.
    """

    def __init__(self, run: Run, first_epoch: int = 0):
        super().__init__()
        self.run, self.first_epoch = run, first_epoch
        self.panel = (
            pick_panel(load_digits("validation")).images[..., np.newaxis] / np.float32(255)
        ).astype(np.float32)
        drop_snapshots_after(run, first_epoch)

    def on_train_begin(self, logs=None):
        self.untaught = self.model.get_weights() if self.first_epoch == 0 else None

    def on_epoch_begin(self, epoch, logs=None):
        self.early = list(EARLY_SNAPSHOTS) if epoch == 0 else []

    def on_train_batch_end(self, batch, logs=None):
        if self.untaught is not None:
            self._take_untaught()
        share = (batch + 1) / self.params["steps"]
        if self.early and self.early[0] <= share < 1:
            self.early = [later for later in self.early if later > share]
            self._take(share)

    def on_epoch_end(self, epoch, logs=None):
        self._take(epoch + 1.0)

    def _take_untaught(self) -> None:
        # Only now, so that nobody waits for it before the first point of the chart.
        weights = self.model.get_weights()
        self.model.set_weights(self.untaught)
        self._take(0.0)
        self.model.set_weights(weights)
        self.untaught = None

    def _take(self, epoch: float) -> None:
        # Not predict_on_batch, for which TensorFlow would trace another graph first.
        probabilities = np.asarray(self.model(self.panel, training=False))
        write_snapshot(self.run, Snapshot(epoch, probabilities, collect_filters(self.model)))


class AnswerWriter(keras.callbacks.Callback):
    """Reads the test digits after each epoch and keeps the answers, to look at.

    Args:
        run: the run.
        first_epoch: as in RunFolderWriter.
    """

    def __init__(self, run: Run, first_epoch: int = 0):
        super().__init__()
        self.run = run
        drop_answers_after(run, first_epoch)

    def on_epoch_end(self, epoch, logs=None):
        answers = list(answer_in_parts(self.model, load_digits("test")))
        write_epoch_answers(self.run, epoch + 1, np.concatenate(answers))


def answer_in_parts(model: keras.Model, digits: Digits) -> Iterator[np.ndarray]:
    """Yield a network's answers for digits, float32 (n, 10), of 500 at a time."""
    for at in range(0, len(digits), ANSWERED_AT_ONCE):
        part = digits.take(slice(at, at + ANSWERED_AT_ONCE))
        # Not predict, for which TensorFlow would trace another graph first.
        yield np.asarray(model(to_input(part)[0], training=False))


def collect_filters(model: keras.Model) -> np.ndarray:
    """Return the first layer's weights as pictures, float32 (n, height, width) from -1 to 1.

    A unit of a dense layer that sees the pixels is a picture of 28x28; a filter of a convolution is
    one of its size. Each is scaled by its own largest weight.
    """
    kernel = next((layer.kernel for layer in model.layers if hasattr(layer, "kernel")), None)
    kernel = np.zeros((0, 0)) if kernel is None else np.asarray(kernel)
    if kernel.ndim == 4 and kernel.shape[2] == 1:
        pictures = kernel[:, :, 0, :].transpose(2, 0, 1)
    elif kernel.ndim == 2 and kernel.shape[0] == 28 * 28:
        pictures = kernel.T.reshape(-1, 28, 28)
    else:
        return np.zeros((0, 1, 1), np.float32)
    most = min(MOST_FILTERS, MOST_FILTER_PIXELS // pictures[0].size)
    pictures = np.nan_to_num(pictures[:most].astype(np.float32))
    largest = np.abs(pictures).max(axis=(1, 2), keepdims=True)
    return pictures / np.maximum(largest, 1e-12)


class _Table:
    """A .csv file that grows by whole rows, each on disk as soon as it is written."""

    def __init__(self, path: Path, rows: pd.DataFrame):
        self._path = path
        rows.to_csv(path, index=False, lineterminator="\n")

    def append(self, row: Sequence) -> None:
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerow(row)
