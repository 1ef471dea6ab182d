"""A run, live while it is trained, then what came of it."""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.runs.folder import Run
from digitlib.ui.curves import show_curves
from digitlib.ui.live import Live, load_live
from digitlib.ui.outcome import show_outcome
from digitlib.ui.panel import show_panel
from digitlib.ui.problems import escape_markdown, show_problem
from digitlib.ui.recovery import watch_queue
from digitlib.ui.times import format_seconds

# By what there is to see; an interrupted run may be picked up.
REFRESH_SECONDS = {
    "in the queue": 2.0,
    "nothing yet": 0.3,
    "curves": 0.8,
    "reads the test digits": 0.8,
    "interrupted": 3.0,
}


def show_run(run: Run) -> None:
    """Show a run: live while it trains, then what came of it."""
    try:
        view = _choose_view(load_live(run.id))
    except DigitLabError as error:
        show_problem(error)
        return
    st.fragment(_show_run_now, run_every=REFRESH_SECONDS.get(view))(run.id, view)


def _choose_view(live: Live) -> str:
    """Return what there is to see of a run, which decides how often to look."""
    if not live.run.active:
        return "reads the test digits" if live.run.unmeasured else live.run.status.state
    if live.progress.epoch:
        return "curves"
    waits = live.place is not None and (live.place.number > 1 or not live.alone)
    return "in the queue" if waits else "nothing yet"


def _show_run_now(run_id: str, view_before: str) -> None:
    try:
        live = load_live(run_id)
    except DigitLabError as error:
        st.warning(escape_markdown(str(error)))
        return
    run = live.run
    view = _choose_view(live)
    if view != view_before and not run.active:
        st.rerun()  # the rest of the page changes, too
    if problem := tend_queue(run):
        show_problem(problem)
    with st.container(key="live"):
        if run.active:
            show_progress(live)
        else:
            show_outcome(run)
        # Before its turn there is nothing to draw, and many may wait.
        if run.status.state != "queued" or run.config.parent:
            show_curves(live)
            show_panel(live)
    if view != view_before:
        st.rerun()  # at another pace from now on


def tend_queue(run: Run) -> str:
    """See to it that somebody trains a run that waits; return what is wrong if nobody can."""
    needs_engine = run.status.state in ("queued", "interrupted") or run.unmeasured
    return watch_queue() if needs_engine else ""


def show_progress(live: Live) -> None:
    """Show how far a run has come, and a button that stops it."""
    words, stop = st.columns([5, 1], vertical_alignment="center")
    words.progress(live.progress.share, _describe_progress(live))
    told = live.run.stop_requested
    if stop.button("Stop", icon=":material/stop:", width="stretch", disabled=told):
        _stop(live.run)


def _stop(run: Run) -> None:
    from digitlib.runs.engine import stop_run

    try:
        stop_run(run)
    except DigitLabError as error:
        show_problem(error)
    else:
        load_live.clear(run.id)
        st.rerun()


def _describe_progress(live: Live) -> str:
    run, progress = live.run, live.progress
    name = f"**{run.id}**"
    if run.stop_requested:
        kept = "nothing, as half a cross-validation says nothing"
        return f"{name} is stopping and keeps {kept if run.config.folds else 'what it has learnt'}"
    if run.status.state == "queued":
        return f"{name} {_describe_place(live)}"
    if progress.epoch == 0:
        return f"{name} is loading TensorFlow and the digits"
    if progress.share >= 1:
        last = "looks for suspects" if run.config.folds else "reads the 10,000 test digits"
        return f"{name} has learnt and now {last}"
    left = (
        "" if progress.seconds_left is None else f" · {format_seconds(progress.seconds_left)} left"
    )
    if run.config.folds:
        fold = (progress.epoch - 1) // run.config.epochs + 1
        name += f" · fold {fold} of {run.config.folds}"
    return (
        f"{name} · epoch {progress.epoch} of {progress.epochs} · "
        f"batch {progress.batch:,} of {progress.batches:,}{left}"
    )


def _describe_place(live: Live) -> str:
    place = live.place
    if place.number == 1 and live.alone:
        return "is about to start"
    wait = "" if place.seconds is None else f" · its turn in about {format_seconds(place.seconds)}"
    if place.number == 1:
        return f"is next in the queue{wait}"
    return f"is number {place.number} of {place.waiting} in the queue{wait}"
