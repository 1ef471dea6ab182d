"""Which digits are looked through, and as of which epoch: choices that are part of the address."""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.ui.address import change_address, read_address
from digitlib.ui.answers import UnreadError, load_epochs
from digitlib.ui.digit_sets import list_sets
from digitlib.ui.map import time_reading
from digitlib.ui.problems import escape_markdown, show_problem, show_warning
from digitlib.ui.study import await_study

FINISHED = "finished"


def choose_digit_set() -> str:
    """Show the sets of digits; return the key of the chosen one."""
    state, titles = st.session_state, list_sets()
    asked = read_address().get("set", "test")
    if asked not in titles:
        show_warning(f"There are no digits {asked!r} here.")
        change_address(set=None)
        asked = "test"
    state.digit_set = asked

    def take() -> None:
        chosen = state.digit_set if state.digit_set != "test" else None
        change_address(set=chosen, page=None, digit=None, epoch=None)  # those are of other digits

    return st.selectbox(
        "Digits", list(titles), format_func=titles.get, key="digit_set", on_change=take
    )


def choose_epoch(model: str, key: str) -> int | None:
    """Show the epochs after which the answers of a run were kept; return None for the end.

    Args:
        model: the run.
        key: of the set of digits: answers to the test digits alone are kept.

    Raises:
        DigitLabError: the run is missing or damaged.
    """
    epochs = load_epochs(model) if key == "test" else []
    state = st.session_state
    options = [*map(str, epochs), FINISHED]
    asked = read_address().get("epoch", FINISHED)
    if asked not in options:
        change_address(epoch=None)
        asked = FINISHED
    if not epochs:
        return None
    state.epoch = asked

    def take() -> None:
        change_address(epoch=state.epoch if state.epoch != FINISHED else None, page=None)

    chosen = st.select_slider(
        "After epoch",
        options,
        key="epoch",
        on_change=take,
        help="What it read in these digits while it learnt; at the end as the finished model does.",
    )
    return None if chosen == FINISHED else int(chosen)


def await_reading(unread: UnreadError) -> None:
    """Offer to have a model read all digits, and show the page anew as soon as it has."""
    st.info(escape_markdown(str(unread)))
    model = unread.run_id
    try:
        seconds = 60_000 * time_reading(model)
        await_study(model, "training", "Read all 70,000 digits", "start-study", seconds)
    except DigitLabError as error:
        show_problem(error)
