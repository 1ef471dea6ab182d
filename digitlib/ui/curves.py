"""The curves of a run."""

import streamlit as st

from digitlib.ui.charts import LINES, learning_chart
from digitlib.ui.live import Live
from digitlib.ui.style import PALETTES, get_theme


def show_curves(live: Live) -> None:
    """Show how loss and accuracy went, or go just now."""
    for column, (measure, lines) in zip(st.columns(2), live.lines.items(), strict=True):
        with column:
            chart = _specify(measure, live.end, live.joints, get_theme())
            st.vega_lite_chart(chart | {"datasets": {LINES: lines}}, key=f"{measure}-chart")


@st.cache_resource(max_entries=128, show_spinner=False)
def _specify(measure: str, end: float, joints: tuple[float, ...], theme: str) -> dict:
    return learning_chart(measure, end, joints, PALETTES[theme]).to_dict()
