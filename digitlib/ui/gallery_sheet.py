"""A sheet of digits in one picture, with what is read in each; any of them can be opened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from digitlib.ui.digit_image import draw_row
from digitlib.ui.style import get_palette

KEYS = "Keys: arrows, Page Up and Page Down, Enter."
_HERE = Path(__file__)
_sheet = st.components.v2.component(
    "digitlib_gallery_sheet",
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Cell:
    """A digit on the sheet.

    Attributes:
        key: what stands for it in an address.
        lines: what is written below it.
        words: the same for those who point at it or cannot see it.
        kind: ``right`` or ``wrong``.
        badge: in its corner; may be empty.
    """

    key: str
    lines: tuple[str, ...]
    words: str
    kind: str
    badge: str = ""


def show_sheet(
    images: np.ndarray,
    cells: Sequence[Cell],
    page: int,
    pages: int,
    opened: str | None,
    on_open: Callable[[str], None],
    on_turn: Callable[[int], None],
) -> None:
    """Show digits on a sheet.

    Args:
        images: uint8 (n, 28, 28), 255 is ink.
        cells: of each.
        page, pages: which page this is, from 1, and of how many: keys lead to the next.
        opened: key of the digit that is open in a dialog, if any: the focus returns to it.
        on_open: called with the key of the digit that was clicked, before the page runs again.
        on_turn: called with the page that was asked for.
    """
    key = "gallery-sheet"

    def tell_opened() -> None:
        opened = st.session_state[key].get("opened")
        if opened in {cell.key for cell in cells}:
            on_open(opened)

    def tell_turned() -> None:
        turned = st.session_state[key].get("turned")
        if isinstance(turned, (int, float)) and 1 <= turned <= pages:
            on_turn(int(turned))

    _sheet(
        data={
            "picture": draw_row(images, get_palette().text),
            "description": f"{len(cells)} digits, page {page} of {pages}",
            "cells": [vars(cell) for cell in cells],
            "page": page,
            "pages": pages,
            "opened": opened,
        },
        key=key,
        on_opened_change=tell_opened,
        on_turned_change=tell_turned,
    )
