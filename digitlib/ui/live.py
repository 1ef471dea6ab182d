"""What is shown of a run at a moment, gathered once for all who watch it.

A class of thirty watches the same training: its files are read and thinned once, not thirty times.
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import streamlit as st

from digitlib.runs.folder import Run, load_run
from digitlib.runs.history import read_history
from digitlib.runs.progress import Progress, find_progress
from digitlib.runs.queue import Place, find_place
from digitlib.ui.charts import collect_lines
from digitlib.ui.loaders import load_measured, load_runs

SECONDS = 0.25  # that it is good for


@dataclass(frozen=True, eq=False)
class Live:
    """A run as it stands.

    Attributes:
        run: its folder and state.
        progress: how far it has come.
        place: in the queue, while it waits there.
        alone: whether nothing else is trained just now.
        lines: for each measure what its chart draws, see ``collect_lines``.
        end: how many epochs the charts reach.
        joints: where it went on from another run, or with the next fold, in epochs.
        moments: of its snapshots and those of the runs it goes on from, see ``History``.
    """

    run: Run
    progress: Progress
    place: Place | None
    alone: bool
    lines: dict[str, pa.Table]
    end: float
    joints: tuple[float, ...]
    moments: tuple[tuple[float, Path], ...]


@st.cache_resource(ttl=SECONDS, max_entries=256, show_spinner=False)
def load_live(run_id: str) -> Live:
    """Gather what is shown of a run.

    Raises:
        DigitLabError: the run is missing or damaged.
    """
    run = load_run(run_id)
    place, alone = None, False
    if run.status.state == "queued":
        runs = load_runs().runs
        place = find_place(run, runs, load_measured())
        alone = not any(other.status.state == "running" for other in runs)
    history = read_history(run)
    lines = {
        measure: pa.Table.from_pandas(collect_lines(history, measure), preserve_index=False)
        for measure in ("loss", "accuracy")
    }
    own = history.batches[history.batches["run"] == run.id]
    progress = find_progress(own, run.config.all_epochs)
    joints = history.joints
    if run.config.folds:
        joints = tuple(float(run.config.epochs * fold) for fold in range(1, run.config.folds))
    return Live(run, progress, place, alone, lines, history.end, joints, history.moments)
