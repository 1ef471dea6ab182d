"""What is computed once for a model: offered where it is missing, watched while it is made."""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.runs.folder import load_run
from digitlib.runs.study import find_study_state, start_study
from digitlib.ui.problems import escape_markdown, show_problem, show_warning
from digitlib.ui.times import format_seconds

REFRESH_SECONDS = 1.0  # of the fragment that this is called in


def offer_study(model: str, label: str, key: str, seconds: float) -> None:
    """Show a button that has a model's study made; while that goes on, how far it has come.

    To be called in a fragment that runs again and again until what it waits for is there.

    Args:
        model: the run's id.
        label: of the button.
        key: of the button, on this page.
        seconds: about how long it will take until that is there.

    Raises:
        DigitLabError: the run is gone or damaged.
    """
    state = find_study_state(load_run(model))
    if state.state == "running":
        st.progress(state.share, f"{escape_markdown(state.step)}. You may leave this page.")
        return
    if problem := st.session_state.pop(f"{key}-problem", None):
        show_problem(problem)
    elif state.state == "failed":
        show_warning(state.message)
    st.button(
        f"{label} (about {format_seconds(seconds)})",
        icon=":material/calculate:",
        key=key,
        on_click=_start,
        args=(model, key),
    )


def _start(model: str, key: str) -> None:
    try:
        start_study(load_run(model))
    except DigitLabError as error:
        st.session_state[f"{key}-problem"] = str(error)
