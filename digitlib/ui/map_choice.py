"""The map with what was chosen on it beside it, each digit to be clicked."""

import numpy as np
import streamlit as st

from digitlib.ui.address import open_digit
from digitlib.ui.answers import load_test_answers
from digitlib.ui.loaders import load_test_digits
from digitlib.ui.map import show_map
from digitlib.ui.sheet import Cell, show_cells

MOST_SHOWN = 120


def show_map_and_chosen(model: str, epoch: int | None = None) -> None:
    """Show the map of a model, and beside it the digits that were chosen there.

    Args:
        model: the run.
        epoch: after how many epochs the digits were read; None for the end.
    """
    st.subheader("The map: as its last layer sees them")
    map_column, chosen_column = st.columns([6, 5], gap="large")
    with map_column:
        chosen = show_map(model, epoch)
    with chosen_column:
        if chosen is None:
            st.caption(
                "Every point is a test digit. Those that are alike to the network lie side by "
                "side; how far apart two groups are says little. Draw a frame around some of them, "
                "and they are shown here."
            )
        else:
            _show_chosen(chosen, load_test_answers(model, epoch).argmax(axis=1))


def _show_chosen(chosen: np.ndarray, answers: np.ndarray) -> None:
    digits = load_test_digits()
    wrong = answers[chosen] != digits.labels[chosen]
    shown = chosen[np.argsort(~wrong, kind="stable")][:MOST_SHOWN]
    more = f"; the first {MOST_SHOWN} are shown, misread ones first" * (len(chosen) > len(shown))
    st.caption(f"{len(chosen):,} digits chosen, {wrong.sum():,} of them misread{more}")
    if not len(shown):
        return
    cells = []
    for index in shown:
        truth, answer = digits.labels[index], answers[index]
        right = answer == truth
        mark, kind = ("✓", "right") if right else (f"✗ {answer}", "wrong")
        cells.append(Cell(str(index), mark, f"a {truth}, read as {answer}", kind))
    opened = show_cells(digits.images[shown], cells, "map-sheet")
    if opened in {cell.name for cell in cells}:
        open_digit(opened, shown)
        st.rerun()
