"""The map with what was chosen on it beside it, each digit to be clicked."""

from dataclasses import replace

import numpy as np
import streamlit as st

from digitlib.ui.address import read_view, write_view
from digitlib.ui.loaders import load_probabilities, load_test_digits
from digitlib.ui.map import show_map
from digitlib.ui.sheet import Cell, show_cells

MOST_SHOWN = 120


def show_map_and_chosen(model: str) -> None:
    """Show the map of a model, and beside it the digits that were chosen there."""
    st.subheader("The map: as its last layer sees them")
    map_column, chosen_column = st.columns([6, 5], gap="large")
    with map_column:
        chosen = show_map(model)
    with chosen_column:
        if chosen is None:
            st.caption(
                "Every point is a test digit. Those that are alike to the network lie side by "
                "side; how far apart two groups are says little."
            )
        else:
            _show_chosen(model, chosen)


def _show_chosen(model: str, chosen: np.ndarray) -> None:
    digits = load_test_digits()
    answers = load_probabilities(model)[chosen].argmax(axis=1)
    wrong = answers != digits.labels[chosen]
    shown = chosen[np.argsort(~wrong, kind="stable")][:MOST_SHOWN]
    answers = load_probabilities(model)[shown].argmax(axis=1)
    st.caption(f"{len(chosen):,} digits chosen, {wrong.sum():,} of them misread")
    if not len(shown):
        return
    cells = []
    for index, answer in zip(shown, answers, strict=True):
        truth = digits.labels[index]
        right = answer == truth
        mark, kind = ("✓", "right") if right else (f"✗ {answer}", "wrong")
        cells.append(Cell(str(index), mark, f"a {truth}, read as {answer}", kind))
    opened = show_cells(digits.images[shown], cells, "map-sheet")
    if opened in {cell.name for cell in cells}:
        write_view(replace(read_view(), digit=opened))
        st.rerun()
