"""The runs made here, in a table."""

import pandas as pd
import streamlit as st

from digitlib.reading.statistics import Accuracy
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import Run
from digitlib.ui.loaders import load_runs
from digitlib.ui.problems import show_warning
from digitlib.ui.shown_run import remember_run


def show_earlier_runs() -> None:
    """Show the runs made here; choosing one shows it."""
    listed = load_runs()
    for problem in listed.problems:
        show_warning(problem)
    if not listed.runs:
        return
    st.subheader("Runs")
    st.caption("Choose one to see its curves.")
    ids = [run.id for run in listed.runs]
    st.dataframe(
        pd.DataFrame([_describe_run(run) for run in listed.runs]),
        hide_index=True,
        on_select=_open_run,
        selection_mode="single-row",
        key="runs",
        placeholder="",
        column_config={
            "Test accuracy": st.column_config.NumberColumn(format="percent"),
            "Digits": st.column_config.NumberColumn(format="localized"),
            "Training": st.column_config.NumberColumn(format="%.0f s"),
            "Started": st.column_config.DatetimeColumn(format="distance"),
        },
    )
    st.session_state.listed_runs = ids


def _describe_run(run: Run) -> dict:
    metrics = {} if run.active else run.metrics
    test = metrics.get("test")
    return {
        "Run": run.id,
        "State": run.status.state,
        "Test accuracy": test and test["accuracy"],
        "95% interval": test and Accuracy.from_summary(test).format_interval(),
        "Epochs": run.config.all_epochs,
        "Digits": _count_digits(run.config),
        "Training": metrics.get("training_seconds"),
        "Continues": run.config.parent,
        "Started": pd.to_datetime(run.status.created),
    }


def _count_digits(config: TrainingConfig) -> int:
    return config.cross_validated_digits if config.folds else config.training_digits


def _open_run() -> None:
    rows = st.session_state.runs.selection.rows
    if rows:
        remember_run(st.session_state.listed_runs[rows[0]])
