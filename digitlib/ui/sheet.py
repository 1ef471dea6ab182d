"""Digits on a sheet, any of which can be clicked: one element, however many there are."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from digitlib.ui.digit_image import draw_mask

_HERE = Path(__file__)
_sheet = st.components.v2.component(
    "digitlib_sheet",
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
)
# Most runs of a page change nothing of a sheet on it.
_draw_mask = st.cache_data(draw_mask, max_entries=8, show_spinner=False)


@dataclass(frozen=True)
class Cell:
    """What is said of a digit on a sheet.

    Attributes:
        name: by which it is known when it is clicked.
        mark: a few characters below it.
        words: for those who point at it or cannot see it.
        kind: ``right``, ``wrong``, ``became-right`` or ``became-wrong``, which colours it; or none.
        note: a few more characters, quieter; may be empty.
    """

    name: str
    mark: str
    words: str
    kind: str = ""
    note: str = ""


def show_cells(images: np.ndarray, cells: Sequence[Cell], key: str) -> str | None:
    """Show digits on a sheet; return the name of the one that was clicked just now, if any.

    Args:
        images: uint8 (n, 28, 28), 255 is ink.
        cells: one for each.
        key: of this sheet on the page.
    """
    return _sheet(
        data={"mask": _draw_mask(images), "cells": [asdict(cell) for cell in cells]},
        key=key,
        on_chosen_change=lambda: None,
    ).chosen


def choose_page(count: int, per_page: int, key: str) -> slice:
    """Show which page of so many this is, with ways to the others; return what is on it."""
    pages = -(-count // per_page)
    if pages <= 1:
        return slice(count)
    if st.session_state.get(key, 1) > pages:
        st.session_state[key] = pages
    first = per_page * (st.pagination(pages, key=key) - 1)
    return slice(first, first + per_page)
