"""What is computed once for a model: offered where it is missing, watched while it is made."""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.runs.folder import load_run
from digitlib.runs.study import find_study_state, start_study
from digitlib.runs.study_files import has_part
from digitlib.ui.problems import escape_markdown, show_problem, show_warning
from digitlib.ui.times import format_seconds

REFRESH_SECONDS = 1.0  # of the fragment that shows how far a study has come
IDLE_SECONDS = 10.0  # of one that waits for somebody to start it
START_SECONDS = 4.0  # until a process has begun to compute


def await_study(model: str, part: str, label: str, key: str, seconds: float) -> None:
    """Offer a model's study, or show how far it has come, until a part is there; then run the page.

    Args:
        model: the run's id.
        part: of the study, that is waited for.
        label, key, seconds: as for ``offer_study``.

    Raises:
        DigitLabError: the run is gone or damaged.
    """
    running = _is_running(model)
    every = REFRESH_SECONDS if running else IDLE_SECONDS
    st.fragment(_await_part, run_every=every)(model, part, label, key, seconds, running)


def _await_part(model: str, part: str, label: str, key: str, seconds: float, running: bool) -> None:
    try:
        if has_part(load_run(model), part) or _is_running(model) != running:
            st.rerun()
        offer_study(model, label, key, seconds)
    except DigitLabError as error:
        show_problem(error)


def _is_running(model: str) -> bool:
    return find_study_state(load_run(model)).state == "running"


def offer_study(model: str, label: str, key: str, seconds: float) -> None:
    """Show a button that has a model's study made; while that goes on, how far it has come.

    To be called in a fragment that runs again and again until what it waits for is there.

    Args:
        model: the run's id.
        label: of the button.
        key: of the button, on this page.
        seconds: about how long it will take until that is there, once it has begun.

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
        f"{label} (about {format_seconds(START_SECONDS + seconds)})",
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
