"""Watching trainings and looking back at them."""

import pandas as pd
import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.runs.catalogue import NetworkDescription
from digitlib.runs.folder import Run, list_runs, load_run
from digitlib.runs.progress import Progress, read_progress
from digitlib.ui.charts import learning_chart
from digitlib.ui.digit_image import draw_in_ink
from digitlib.ui.loaders import load_class_samples
from digitlib.ui.problems import escape_markdown, show_problem, show_warning
from digitlib.ui.style import get_palette

REFRESH_SECONDS = 0.7


def find_shown_run() -> Run | None:
    """Return the run this page is about.

    That is the one in the address, else the one this visitor saw last, else whatever is being
    trained just now, so that a training is found again in any tab.
    """
    run_id = st.query_params.get("run") or st.session_state.get("shown_run")
    if run_id is None:
        active = [run for run in reversed(list_runs().runs) if run.active]
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


def show_run(run: Run) -> None:
    """Show a run: live while it trains, then what came of it."""
    if run.status.state == "queued" and (problem := _recover_queue()):
        show_problem(problem)
    refresh = REFRESH_SECONDS if run.active else None
    st.fragment(_show_run_now, run_every=refresh)(run.id, run.status.state)


def show_layers(network: NetworkDescription) -> None:
    """Show a network from the picture to the ten probabilities."""
    st.dataframe(
        pd.DataFrame({
            "Layer": [layer.name for layer in network.layers],
            "Settings": [layer.settings for layer in network.layers],
            "Output shape": [
                " × ".join(str(side) for side in layer.output_shape) for layer in network.layers
            ],
            "Parameters": [layer.parameters for layer in network.layers],
        }),
        hide_index=True,
        column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip


def show_class_samples() -> None:
    """Show a row of training digits for each of the ten, and how many there are."""
    try:
        samples = load_class_samples()
    except DigitLabError as error:
        show_problem(error)
        return
    rows = "".join(
        f"<b>{digit}</b><div class='samples'>"
        + draw_in_ink(
            samples.images[digit].transpose(1, 0, 2).reshape(28, -1), 34, f"samples of {digit}"
        )
        + f"</div><span>{samples.counts[digit]:,}</span>"
        for digit in range(10)
    )
    st.html(f'<div class="sample-sheet">{rows}</div>')


def show_earlier_runs(shown: Run | None) -> None:
    """Show the runs made here; choosing one shows it."""
    listed = list_runs()
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


@st.cache_resource(ttl=30, show_spinner=False)
def _recover_queue() -> str | None:
    """See to it that somebody trains what waits; return what is wrong if that cannot be had."""
    from digitlib.runs.engine import recover_queue

    try:
        recover_queue()
    except DigitLabError as error:
        return str(error)
    return None


def _show_run_now(run_id: str, state_before: str) -> None:
    try:
        run = load_run(run_id)
    except DigitLabError as error:
        st.warning(escape_markdown(str(error)))
        return
    if run.status.state != state_before:
        st.rerun()  # the rest of the page, and the pace of this part, change with the state
    with st.container(key="live"):
        if run.active:
            _show_progress(run)
        else:
            _show_outcome(run)
        _show_curves(run)


def _show_progress(run: Run) -> None:
    progress = read_progress(run)
    words, stop = st.columns([5, 1], vertical_alignment="center")
    words.progress(progress.share, _describe_progress(run, progress))
    with stop:
        if st.button("Stop", icon=":material/stop:", width="stretch", disabled=run.stop_requested):
            _stop(run)


def _stop(run: Run) -> None:
    from digitlib.runs.engine import stop_run

    try:
        stop_run(run)
    except DigitLabError as error:
        show_problem(error)
    else:
        st.rerun()


def _describe_progress(run: Run, progress: Progress) -> str:
    name = f"**{run.id}**"
    if run.stop_requested:
        return f"{name} is stopping and keeps what it has learnt"
    if run.status.state == "queued":
        queue = [other for other in list_runs().runs if other.active]
        ahead = sum((other.status.created or "") < run.status.created for other in queue)
        if ahead:
            return f"{name} waits for {ahead} {'run' if ahead == 1 else 'runs'} before it"
        return f"{name} is about to start"
    if progress.epoch == 0:
        return f"{name} is loading TensorFlow and the digits"
    if progress.share >= 1:
        return f"{name} has learnt and now reads the 10,000 test digits"
    left = (
        "" if progress.seconds_left is None else f" · {format_seconds(progress.seconds_left)} left"
    )
    return (
        f"{name} · epoch {progress.epoch} of {progress.epochs} · "
        f"batch {progress.batch:,} of {progress.batches:,}{left}"
    )


def _show_outcome(run: Run) -> None:
    state, message = run.status.state, run.status.message
    if state in ("failed", "interrupted"):
        words = f"**{run.id}** {state}. {escape_markdown(message)}"
        st.error(words, icon=":material/error:")
        return
    test = run.metrics.get("test")
    if test is None:
        st.info(f"**{run.id}** · {message}")
        return
    st.markdown(
        f"### {test['accuracy']:.2%} of the test digits read right\n"
        f"**{run.id}** {'was stopped after' if state == 'stopped' else 'learnt in'} "
        f"{format_seconds(run.metrics['training_seconds'])} · {test['mistakes']:,} of "
        f"{test['count']:,} misread · {run.metrics['parameters']:,} parameters"
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = {"model": run.id}
        st.page_link(
            "pages/mistakes.py",
            label="Look at its mistakes",
            icon=":material/search:",
            query_params=chosen,
        )
        st.page_link(
            "pages/draw.py", label="Draw with it", icon=":material/draw:", query_params=chosen
        )
        for file in (run.keras_file, run.model_file):
            if file.exists():
                st.download_button(
                    file.suffix,
                    file.read_bytes,
                    file_name=f"{run.id}{file.suffix}",
                    mime="application/octet-stream",
                    icon=":material/download:",
                    on_click="ignore",
                )


def _show_curves(run: Run) -> None:
    batches, epochs = run.read_batches(), run.read_epochs()
    for column, measure in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        with column:
            st.altair_chart(
                learning_chart(batches, epochs, measure, run.config.epochs, get_palette()),
                key=f"{measure}-chart",
            )


def _describe_run(run: Run) -> dict:
    metrics = {} if run.active else run.metrics
    return {
        "Run": run.id,
        "State": run.status.state,
        "Test accuracy": metrics.get("test", {}).get("accuracy"),
        "Epochs": run.config.epochs,
        "Digits": run.config.training_digits,
        "Training": metrics.get("training_seconds"),
        "Started": pd.to_datetime(run.status.created),
    }


def _open_run() -> None:
    rows = st.session_state.runs.selection.rows
    if rows:
        remember_run(st.session_state.listed_runs[rows[0]])


def remember_run(run_id: str) -> None:
    """Make a run the one that is shown, in this session and in the address."""
    st.session_state.shown_run = run_id
    st.query_params["run"] = run_id


def _forget_run() -> None:
    st.session_state.pop("shown_run", None)
    st.query_params.pop("run", None)


def format_seconds(seconds: float) -> str:
    """Return a time as people say it: ``8 s``, ``2 min 5 s``."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
