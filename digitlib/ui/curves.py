"""The curves of a run, drawn once for all who watch it."""

import streamlit as st

from digitlib.runs.folder import Run
from digitlib.runs.history import find_line, read_history
from digitlib.ui.charts import LINES, collect_lines, learning_chart
from digitlib.ui.style import PALETTES, get_theme

MEASURES = ("loss", "accuracy")


def show_curves(run: Run) -> None:
    """Show how loss and accuracy went, or go just now."""
    drawn = _draw(run.folder, _stamp(run), run)
    for column, measure in zip(st.columns(2), MEASURES, strict=True):
        with column:
            chart = _specify(measure, drawn["end"], drawn["joints"], get_theme())
            data = {LINES: drawn["lines"][measure]}
            st.vega_lite_chart(chart | {"datasets": data}, key=f"{measure}-chart")


# A class of thirty watches the same run: its files are read and thinned once, not thirty times.
@st.cache_resource(max_entries=32, show_spinner=False)
def _draw(folder, stamp: tuple, _run: Run) -> dict:
    history = read_history(_run)
    lines = {measure: collect_lines(history, measure) for measure in MEASURES}
    return {"lines": lines, "end": history.end, "joints": history.joints}


@st.cache_resource(max_entries=128, show_spinner=False)
def _specify(measure: str, end: float, joints: tuple[float, ...], theme: str) -> dict:
    return learning_chart(measure, end, joints, PALETTES[theme]).to_dict()


def _stamp(run: Run) -> tuple:
    """Return what changes when a row is added to the curves."""
    return tuple(
        (member.id, file.stat().st_size if file.exists() else 0)
        for member in find_line(run)
        for file in (member.folder / "batches.csv", member.folder / "epochs.csv")
    )
