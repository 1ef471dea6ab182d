"""Snapshots: what a network answers and looks for, kept again and again while it learns.

Each is a small file in the run's folder ``snapshots``, so that a page can go back through time.
"""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from digitlib.data import Digits, load_mnist
from digitlib.runs.files import replacing
from digitlib.runs.folder import Run

PANEL_SIZE = 24
# Validation digits that the shipped `dense` misreads: a crossed 7, a slanted 4, a leaning 3, and a
# 7 that `cnn` is unsure of. An open 9 is among the first two.
HARD = (168, 299, 302, 2419)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A network at one moment of its training.

    Attributes:
        epoch: how many epochs it had learnt, such as 0.25 or 3.
        probabilities: float32 (24, 10), its answers for the panel.
        filters: float32 (n, height, width), the weights of the first layer that has some, one
            picture for each of its first units, from -1 to 1; n is 0 where they are no pictures.
    """

    epoch: float
    probabilities: np.ndarray
    filters: np.ndarray


@cache
def load_panel() -> Digits:
    """Return the panel: the same 24 validation digits every time.

    Raises:
        DataError: as ``load_mnist``.
    """
    return pick_panel(load_mnist("validation"))


def pick_panel(validation: Digits) -> Digits:
    """Pick the panel from the validation digits, which no network trains on.

    They are the first two of each class and four that are hard, zeros first.
    """
    first = [np.flatnonzero(validation.labels == digit)[:2] for digit in range(10)]
    places = np.concatenate([*first, HARD])
    return validation.take(places[np.argsort(validation.labels[places], kind="stable")])


def write_snapshot(run: Run, snapshot: Snapshot) -> None:
    """Add a snapshot to a run; one of the same epoch takes the place of the one before."""
    folder = run.folder / "snapshots"
    folder.mkdir(exist_ok=True)
    with replacing(_file(folder, snapshot.epoch)) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            epoch=np.float64(snapshot.epoch),
            probabilities=snapshot.probabilities.astype(np.float32),
            # A step of 1/127 is finer than a screen shows.
            filters=np.round(snapshot.filters * 127).astype(np.int8),
        )


def list_snapshots(run: Run) -> list[Path]:
    """Return the files of a run's snapshots, the earliest first."""
    return sorted((run.folder / "snapshots").glob("*.npz"))


def read_snapshot(path: Path) -> Snapshot | None:
    """Read a snapshot; None where the file is damaged or has gone."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            epoch, filters = float(arrays["epoch"]), arrays["filters"]
            probabilities = arrays["probabilities"]
    except Exception:  # a damaged archive can fail in any way
        return None
    if probabilities.shape != (PANEL_SIZE, 10) or filters.ndim != 3:
        return None
    return Snapshot(epoch, probabilities, filters.astype(np.float32) / 127)


def drop_snapshots_after(run: Run, epoch: float) -> None:
    """Delete the snapshots of what was learnt after an epoch and is to be learnt anew."""
    for path in list_snapshots(run):
        if path.name > _file(path.parent, epoch).name:
            path.unlink()


def _file(folder: Path, epoch: float) -> Path:
    return folder / f"{epoch:07.3f}.npz"
