"""The confusion matrix on the page, any cell of which can be clicked."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from digitlib.reading.selection import tabulate_cells
from digitlib.ui.address import View, read_view, write_view
from digitlib.ui.charts import CELLS, CLICKED, collect_cells, confusion_chart
from digitlib.ui.style import get_palette, get_theme

KEY = "confusion-chart"
CLICKS = "confusion_clicks"
VALUES = {"Counts": False, "% of the digit": True}


def show_confusion(table: pd.DataFrame, view: View) -> None:
    """Show which digits are read as which; a click on a cell selects its digits.

    Args:
        table: as in Evaluation, with a second model where there is one.
        view: what is looked at.
    """
    selection = view.selection
    cells = collect_cells(
        tabulate_cells(table, selection.kind),
        table["truth"].value_counts().reindex(range(10), fill_value=0).to_numpy(),
        view.shares,
        (selection.truth, selection.answer),
        st.session_state.setdefault(CLICKS, 0),
    )
    st.vega_lite_chart(
        _draw_matrix(get_theme()) | {"datasets": {CELLS: cells}}, key=KEY, on_select=_take_click
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.session_state["matrix-values"] = next(
            words for words, shares in VALUES.items() if shares == view.shares
        )
        st.segmented_control(
            "In the cells",
            list(VALUES),
            required=True,
            key="matrix-values",
            label_visibility="collapsed",
            on_change=_take_values,
        )
        st.caption("Click a cell to see its digits, again to let go.", width="content")


@st.cache_resource(show_spinner=False)
def _draw_matrix(theme: str) -> dict:
    return confusion_chart(get_palette()).to_dict()


def parse_click(ids: list[str]) -> tuple[int, int] | None:
    """Return the cell that was clicked, as truth and answer; None for empty ground.

    Example: ``["4-9-17"]`` is (4, 9).
    """
    if not ids:
        return None
    truth, answer, _ = ids[0].split("-")
    return int(truth), int(answer)


def _take_click() -> None:
    st.session_state[CLICKS] += 1
    clicked = st.session_state[KEY].selection[CLICKED]
    cell, view = parse_click([point["id"] for point in clicked]), read_view()
    selection = view.selection.let_go() if cell is None else view.selection.click(*cell)
    write_view(replace(view, selection=selection, page=1))


def _take_values() -> None:
    write_view(replace(read_view(), shares=VALUES[st.session_state["matrix-values"]]))
