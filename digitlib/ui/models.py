"""The choice of a model, the same on every page."""

import streamlit as st

from digitlib.runs.folder import Run
from digitlib.ui.loaders import load_models


def choose_model() -> str | None:
    """Show the models that can read digits and return the chosen one's id; None if there is none.

    The choice is part of the address, so that a link opens the page with the same model.
    """
    state, address = st.session_state, st.query_params
    asked = address.get("model")
    listed = load_models()
    if asked is not None and asked not in {run.id for run in listed.runs}:
        load_models.clear()  # it may have been made a moment ago
        listed = load_models()
    for problem in listed.problems:
        st.caption(f":material/warning: {problem}")
    if not listed.runs:
        st.info("There is no model yet. Train one on the page Train, then come back.")
        return None
    labels = {run.id: _label(run) for run in listed.runs}
    if asked in labels:
        state.model = asked
    elif asked is not None:
        st.caption(f":material/warning: There is no model {asked!r} here.")
        del address["model"]
    if state.get("model") not in labels:
        state.model = listed.runs[0].id
    # Not bound to the address: a bound list has its labels there, and a link knows only the id.
    return st.selectbox(
        "Model",
        list(labels),
        format_func=lambda run_id: labels.get(run_id, run_id),
        key="model",
        persist_state="session",
        on_change=lambda: address.update(model=state.model),
    )


def _label(run: Run) -> str:
    accuracy = run.metrics.get("test", {}).get("accuracy")
    return run.id if accuracy is None else f"{run.id} · {accuracy:.2%}"
