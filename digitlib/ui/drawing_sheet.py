"""All drawings on a sheet, what is read in each, and one of them looked at closely."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from digitlib.data.collection import Drawings
from digitlib.errors import DigitLabError
from digitlib.reading.comparison import Comparison
from digitlib.ui.collection import get_collection, load_drawings, name_digit
from digitlib.ui.digit_image import draw_as_seen
from digitlib.ui.problems import show_problem
from digitlib.ui.sheet import Cell, choose_page, show_cells

PER_PAGE = 100
OPENED = "opened_drawing"


def choose_drawings(comparison: Comparison) -> np.ndarray:
    """Show what drawings may be looked at; return the places of those chosen, int (n,)."""
    kinds = {
        "All": np.ones(len(comparison.labels), bool),
        "Misread": comparison.after != comparison.labels,
    }
    if comparison.before is not comparison.after:
        kinds |= {"✗ → ✓": comparison.became_right, "✓ → ✗": comparison.became_wrong}
    kind = st.segmented_control(
        "Show",
        list(kinds),
        default="All",
        required=True,
        format_func=lambda name: f"{name} · {kinds[name].sum():,}" if name in kinds else name,
        key="drawings-shown",
        label_visibility="collapsed",
    )
    return np.flatnonzero(kinds.get(kind, kinds["All"]))


def show_sheet(drawings: Drawings, comparison: Comparison, places: np.ndarray) -> None:
    """Show some of the drawings; a click on one opens it."""
    if not len(places):
        st.caption("There is none.")
        return
    places = places[choose_page(len(places), PER_PAGE, "drawings-page")]
    cells = [_describe_cell(drawings.names[place], comparison, place) for place in places]
    chosen = show_cells(drawings.digits.images[places], cells, "drawing-sheet")
    if chosen:
        st.session_state[OPENED] = chosen


def _describe_cell(name: str, comparison: Comparison, place: int) -> Cell:
    label, before, after = (
        int(part[place]) for part in (comparison.labels, comparison.before, comparison.after)
    )
    named = name_digit(label)
    was, now = (("✓" if answer == label else f"✗ {answer}") for answer in (before, after))
    if was == now:
        kind = "right" if after == label else "wrong"
        return Cell(name, now, f"{named}, read as {after}", kind)
    kinds = {True: "became-right", False: "wrong" if before != label else "became-wrong"}
    words = f"{named}, read as {before} before and as {after} after"
    return Cell(name, f"{was} → {now}", words, kinds[after == label])


def show_opened_drawing(drawings: Drawings, comparison: Comparison) -> None:
    """Show the drawing that was clicked, if one was and is still there, in a dialog."""
    name = st.session_state.pop(OPENED, None)
    label = drawings.find_label(name)
    if label is not None:
        place = drawings.names.index(name)
        words = _describe_cell(name, comparison, place).words
        if comparison.learnt[place]:
            words += ", which it has learnt from"
        st.dialog(name_digit(label).capitalize())(_show_drawing)(
            drawings.digits.images[place], name, label, words
        )


def _show_drawing(digit: np.ndarray, name: str, label: int, words: str) -> None:
    if load_drawings().find_label(name) != label:
        st.rerun()  # it was changed just now, which closes the dialog
    st.html(draw_as_seen(digit, 224, words))
    st.caption(f"{words[0].upper()}{words[1:]}.")
    st.segmented_control(
        "It is a", range(10), default=label, required=True, key=f"label-{name}",
        on_change=_relabel, args=(digit, name), wrap=False, width="stretch",
    )  # fmt: skip
    st.button(
        "Delete this drawing", icon=":material/delete:", key="delete-drawing", on_click=_delete,
        args=(name,),
    )  # fmt: skip
    if problem := st.session_state.pop("drawing_problem", None):
        show_problem(problem)


def _relabel(digit: np.ndarray, name: str) -> None:
    _change(lambda: get_collection().add(digit, st.session_state[f"label-{name}"]))


def _delete(name: str) -> None:
    _change(lambda: get_collection().remove(name))


def _change(change: Callable[[], object]) -> None:
    try:
        change()
    except DigitLabError as error:
        st.session_state.drawing_problem = str(error)
    load_drawings.clear()
