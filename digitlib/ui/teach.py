"""Wrong? Tell it: a visitor says what a drawing is, and the class has one more."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlib.data.archives import hash_digit
from digitlib.errors import ConfigError, DigitLabError
from digitlib.runs.limits import read_collecting
from digitlib.ui.collection import get_collection, load_drawings, name_digit
from digitlib.ui.problems import show_problem, show_warning


@dataclass(frozen=True, eq=False)
class Told:
    """What was told in this session of one drawing.

    Attributes:
        digit: uint8 (28, 28), the drawing, and
        name: what stands for its pixels.
        label: what it was said to be, and
        before: what it was said to be before; None if it was new.
        count: of the class's drawings then.
    """

    digit: np.ndarray
    name: str
    label: int
    before: int | None
    count: int


def show_teach(digit: np.ndarray, read_as: int) -> None:
    """Show ten digits to tell what a drawing is, or that it is kept; nothing where it would not be.

    Args:
        digit: uint8 (28, 28), what was read.
        read_as: the answer to it.
    """
    try:
        if not read_collecting():
            return
    except ConfigError as error:
        show_warning(error)
        return
    told = st.session_state.get("told", {}).get(hash_digit(digit))
    with st.container(key="teach", gap="xsmall"):
        if told is not None:
            _show_told(told, read_as)
        else:
            st.segmented_control(
                "Wrong? Tell it:",
                range(10),
                key="teach-label",
                on_change=_tell,
                args=(digit,),
                width="stretch",
                wrap=False,
                help="The drawing is kept for the class, without a name, to teach networks with.",
            )
        if problem := st.session_state.pop("teach_problem", None):
            show_problem(problem)


def _show_told(told: Told, read_as: int) -> None:
    other = ", as it was read" if told.label == read_as else f", not {name_digit(read_as)}"
    has = f"The class has {told.count:,} {'drawing' if told.count == 1 else 'drawings'} now."
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"Kept as {name_digit(told.label)}{other}. {has}", width="content")
        st.button(
            "Take it back",
            icon=":material/undo:",
            type="tertiary",
            key="teach-undo",
            on_click=_undo,
            args=(told.name,),
        )


def _tell(digit: np.ndarray) -> None:
    state, collection = st.session_state, get_collection()
    label, state["teach-label"] = state["teach-label"], None
    if label is None:
        return
    try:
        before = collection.add(digit, label)
        count = int(collection.count().sum())
    except DigitLabError as error:
        state.teach_problem = str(error)
        return
    name = hash_digit(digit)
    state.told = {**state.get("told", {}), name: Told(digit, name, label, before, count)}
    load_drawings.clear()


def _undo(name: str) -> None:
    """Take back what was told: the drawing goes, or is again what somebody had said before."""
    told = st.session_state.get("told", {}).pop(name, None)
    if told is None:
        return
    try:
        if told.before is None:
            get_collection().remove(told.name)
        else:
            get_collection().add(told.digit, told.before)
    except DigitLabError as error:
        st.session_state.teach_problem = str(error)
        return
    load_drawings.clear()
