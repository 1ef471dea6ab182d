"""Wrong? Tell it: a visitor says what a drawing is, and the class has one more."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from digitlib.data.archives import MOST_DIGITS, hash_digit
from digitlib.data.collection import Collection
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
        label: what it was said to be.
        count: of the class's drawings then.
    """

    digit: np.ndarray
    name: str
    label: int
    count: int


class Tellings:
    """What visitors have told of drawings, all of them, since the server started.

    Two whose pixels are alike, as those of an example are, tell of one and the same drawing. What
    one takes back then stays what the other says it is.

    Args:
        collection: what they change.
    """

    def __init__(self, collection: Collection):
        self._collection = collection
        self._lock = threading.Lock()
        # name -> the label before, None if there was no drawing, and then who said what.
        self._said: dict[str, tuple[int | None, list[Told]]] = {}

    def tell(self, digit: np.ndarray, label: int) -> Told:
        """Keep a drawing, uint8 (28, 28).

        Raises:
            CollectionError: the collection is full or cannot be written.
        """
        name = hash_digit(digit)
        with self._lock:
            before = self._collection.add(digit, label)
            first, said = self._said.get(name, (before, []))
            if said and said[-1].label != before:  # changed by other ways
                first, said = before, []
            told = Told(digit, name, label, int(self._collection.count().sum()))
            self._said.pop(name, None)  # to the end of those that may be forgotten
            self._said[name] = (first, [*said, told])
            if len(self._said) > MOST_DIGITS:
                self._said.pop(next(iter(self._said)))
        return told

    def take_back(self, told: Told) -> None:
        """Make a drawing what it is without what one visitor told, which may be nothing.

        Raises:
            CollectionError: the collection cannot be written.
        """
        with self._lock:
            first, said = self._said.get(told.name, (None, []))
            left = [each for each in said if each is not told]
            # What was changed by other ways since, or cleared, is left so.
            if told in said and self._collection.find_label(told.name) == said[-1].label:
                label = left[-1].label if left else first
                if label is None:
                    self._collection.remove(told.name)
                else:
                    self._collection.add(told.digit, label)
            # Only now: what has failed can be tried again.
            self._said.pop(told.name, None)
            if left:
                self._said[told.name] = (first, left)


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


@st.cache_resource(max_entries=2, show_spinner=False)
def _load_tellings(folder: Path) -> Tellings:
    return Tellings(Collection(folder))


def _tell(digit: np.ndarray) -> None:
    state = st.session_state
    label, state["teach-label"] = state["teach-label"], None
    if label is None:
        return
    try:
        told = _load_tellings(get_collection().folder).tell(digit, label)
    except DigitLabError as error:
        state.teach_problem = str(error)
        return
    state.told = {**state.get("told", {}), told.name: told}
    load_drawings.clear()


def _undo(name: str) -> None:
    told_here = st.session_state.get("told", {})
    if name not in told_here:
        return
    try:
        _load_tellings(get_collection().folder).take_back(told_here[name])
    except DigitLabError as error:
        st.session_state.teach_problem = str(error)
        return
    del told_here[name]
    load_drawings.clear()
