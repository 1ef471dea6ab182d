"""The choice of a model, the same on every page."""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.runs.folder import Run
from digitlib.ui.address import View, change_address, format_view, read_address, read_view
from digitlib.ui.loaders import load_card, load_models
from digitlib.ui.page import JUST_CAME
from digitlib.ui.problems import show_problem, show_warning

NONE = "-"  # no run can have this name


def choose_model() -> str | None:
    """Show the models that can read digits and return the chosen one's id; None if there is none.

    The choice is part of the address, so that a link opens the page with the same model. A visitor
    who comes from another page finds the model that was chosen there.
    """
    # Not a list bound to the address: that would hold the list's labels there, and a link knows
    # only the id. And not the list's own memory: a page does not know what another page chose.
    state, address = st.session_state, read_address()
    asked = address.get("model")
    if asked is None and state.get(JUST_CAME, True):
        asked = state.get("chosen_model")  # on another page: its address is left behind there
    listed = load_models()
    if asked is not None and asked not in {run.id for run in listed.runs}:
        load_models.clear()  # it may have been made a moment ago
        listed = load_models()
    for problem in listed.problems:
        show_warning(problem)
    if not listed.runs:
        st.info("There is no model yet. Train one on the page Train, then come back.")
        return None
    labels = {run.id: _label(run) for run in listed.runs}
    first = listed.runs[0].id
    if asked is not None and asked not in labels:
        show_warning(f"There is no model {asked!r} here.")
        change_address(model=None)
        asked = None
    state.model = asked or first
    chosen = st.selectbox(
        "Model",
        list(labels),
        format_func=lambda run_id: labels.get(run_id, run_id),
        key="model",
        on_change=lambda: _take_model(asked or first),
    )
    state.chosen_model = chosen
    if chosen != first and address.get("model") != chosen:
        change_address(model=chosen)
    return chosen


def _take_model(before: str) -> None:
    chosen, second = st.session_state.model, read_address().get("compare")
    if second == chosen:  # they change places
        second = before
    change_address(model=chosen, compare=second, epoch=None)  # another run has other epochs


def choose_second_model(model: str) -> str | None:
    """Show the other models to compare one with and return the chosen one's id; None if none is.

    The choice is part of the address.
    """
    state = st.session_state
    labels = {run.id: _label(run) for run in load_models().runs if run.id != model}
    asked = read_address().get("compare", NONE)
    if asked not in (NONE, *labels):
        if asked != model:
            show_warning(f"There is no model {asked!r} here to compare with.")
        change_address(compare=None)
        asked = NONE
    state.second_model = asked
    chosen = st.selectbox(
        "Compare with",
        [NONE, *labels],
        format_func=lambda run_id: "none" if run_id == NONE else labels.get(run_id, run_id),
        key="second_model",
        on_change=_take_second_model,
    )
    return None if chosen == NONE else chosen


def _take_second_model() -> None:
    chosen = st.session_state.second_model
    if chosen != NONE:
        change_address(compare=chosen)
        return
    alone = read_view().selection.without_second_model()
    change_address(compare=None, kind=format_view(View(alone)).get("kind"))


def show_card(model: str) -> None:
    """Show a button that opens the card of a model: how it was made, and where it fails."""
    if st.button("About this model", icon=":material/badge:", key="card"):
        _open_card(model)


@st.dialog("Model card", width="large")
def _open_card(model: str) -> None:
    try:
        st.markdown(load_card(model))
    except DigitLabError as error:
        show_problem(error)


def _label(run: Run) -> str:
    accuracy = run.metrics.get("test", {}).get("accuracy")
    return run.id if accuracy is None else f"{run.id} · {accuracy:.2%}"
