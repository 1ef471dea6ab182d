"""Which run the page Train is about."""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.runs.folder import Run, load_run
from digitlib.ui.address import change_address, read_address
from digitlib.ui.loaders import load_runs
from digitlib.ui.problems import escape_markdown


def find_shown_run() -> Run | None:
    """Return the run this page is about.

    That is the one in the address, else the one this visitor saw last, else whatever is being
    trained just now, so that a training is found again in any tab.
    """
    run_id = read_address().get("run") or st.session_state.get("shown_run")
    if run_id is None:
        active = [run for run in reversed(load_runs().runs) if run.active]
        # The one that trains, else the first in line.
        active.sort(key=lambda run: run.status.state != "running")
        run_id = active[0].id if active else None
    if run_id is None:
        return None
    try:
        run = load_run(run_id)
    except DigitLabError as error:
        st.warning(escape_markdown(str(error)))
        _forget_run()
        return None
    remember_run(run.id)
    return run


def remember_run(run_id: str) -> None:
    """Make a run the one that is shown, in this session and in the address."""
    st.session_state.shown_run = run_id
    if read_address().get("run") != run_id:
        change_address(run=run_id)


def _forget_run() -> None:
    st.session_state.pop("shown_run", None)
    change_address(run=None)
