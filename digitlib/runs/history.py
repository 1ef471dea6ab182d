"""The curves of a run, joined to those of the runs it goes on from."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from digitlib.errors import RunError
from digitlib.runs.folder import Run, load_parent
from digitlib.runs.snapshots import list_snapshots

MOST_GENERATIONS = 20


@dataclass(frozen=True, eq=False)
class History:
    """What a network has learnt, from fresh weights on.

    Attributes:
        batches: as ``Run.read_batches``, with two more columns. ``at``: how many epochs were learnt
            by then, those of the runs before among them; ``run``: whose row it is.
        epochs: as ``Run.read_epochs``, with the column ``at``.
        joints: where each run after the first began, in epochs.
        end: how many epochs there will be.
        moments: for each snapshot how many epochs were learnt by then, and its file.
    """

    batches: pd.DataFrame
    epochs: pd.DataFrame
    joints: tuple[float, ...]
    end: float
    moments: tuple[tuple[float, Path], ...]


def read_history(run: Run) -> History:
    """Read a run's rows and those of its parents. Of a deleted parent nothing is known any more."""
    batches, epochs, joints, moments, learnt = [], [], [], {}, 0.0
    line = find_line(run)
    for member in line:
        if member is not line[0]:
            joints.append(learnt)
        own = member.read_batches().assign(run=member.id)
        own["at"] = learnt + own["epoch"] - 1 + own["batch"] / own["batches"].clip(lower=1)
        whole = member.read_epochs()
        if member is not run and not member.keras_file.exists():
            own = own[own["epoch"] <= len(whole)]  # the checkpoint it left knows no more
        whole["at"] = learnt + whole["epoch"]
        batches.append(own)
        epochs.append(whole)
        began = learnt
        if member is not run:
            learnt = float(max(own["at"].max(), learnt)) if len(own) else learnt
        for path in list_snapshots(member):
            at = began + float(path.stem)
            if member is run or at <= learnt:
                moments[at] = path  # where one run ends the next begins: that one's stays
    return History(
        pd.concat(batches, ignore_index=True),
        pd.concat(epochs, ignore_index=True),
        tuple(joints),
        learnt + run.config.all_epochs,
        tuple(sorted(moments.items())),
    )


def find_line(run: Run) -> list[Run]:
    """Return a run and those it goes on from, the first of them first."""
    line = [run]
    while line[0].config.parent and len(line) < MOST_GENERATIONS:
        try:
            line.insert(0, load_parent(line[0]))
        except RunError:
            break  # deleted or damaged
    return line
