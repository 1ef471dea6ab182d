"""The map with what was chosen on it beside it, each digit to be clicked."""

import zlib

import numpy as np
import pandas as pd
import streamlit as st

from digitlib.ui.address import open_digit
from digitlib.ui.answers import Reader
from digitlib.ui.collection import name_digit
from digitlib.ui.downloads import offer_downloads
from digitlib.ui.map import show_map
from digitlib.ui.mistakes import Work
from digitlib.ui.sheet import Cell, choose_page, show_cells

PER_PAGE = 84  # whole rows of 7 and of 6


def show_map_and_chosen(work: Work) -> None:
    """Show the map of a model, and beside it the digits that were chosen there.

    Args:
        work: on the test digits.
    """
    st.subheader("The map: as its last layer sees them")
    map_column, chosen_column = st.columns([6, 5], gap="large")
    with map_column:
        chosen = show_map(work.reader.model, work.reader.epoch)
    with chosen_column:
        if chosen is None:
            st.caption(
                "Every point is a test digit. Those that are alike to the network lie side by "
                "side; how far apart two groups are says little. Draw a frame around some of them, "
                "and they are shown here."
            )
        else:
            _show_chosen(work.reader, work.make_table(), chosen)


def _show_chosen(reader: Reader, table: pd.DataFrame, chosen: np.ndarray) -> None:
    """Show the digits at some places of the table, int (n,), page by page."""
    right = (table["answer"] == table["truth"]).to_numpy()[chosen]
    places = chosen[np.argsort(right, kind="stable")]
    first = ": these come first" if 0 < right.sum() < len(places) else ""
    st.caption(f"{len(chosen):,} digits chosen, {(~right).sum():,} of them misread{first}")
    if not len(places):
        return
    key = f"map-page-{zlib.crc32(places.tobytes())}"  # others are looked at from the first page on
    shown = places[choose_page(len(places), PER_PAGE, key)]
    cells = []
    for row in table.iloc[shown].itertuples():
        mark, kind = ("✓", "right") if row.answer == row.truth else (f"✗ {row.answer}", "wrong")
        words = f"Test digit {row.index}: {name_digit(row.truth)}, read as {row.answer}"
        cells.append(Cell(str(row.index), mark, words, kind))
    opened = show_cells(reader.digits.take_images(shown), cells, "map-sheet")
    offer_downloads(reader, table, places, "map", key="map-download")
    if opened in {cell.name for cell in cells}:
        open_digit(opened, places)
        st.rerun()
