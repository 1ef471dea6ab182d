"""A lesson: a model is taught the class's drawings, and read before and after on the same ones."""

import html

import numpy as np
import streamlit as st

from digitlib.data.collection import Drawings, choose_lesson
from digitlib.errors import DigitLabError
from digitlib.reading.comparison import Comparison
from digitlib.reading.statistics import Accuracy
from digitlib.runs.folder import Run, load_run
from digitlib.runs.lesson import LESSON_EPOCHS, OLD_DIGITS, find_learnt, find_taught, teach_config
from digitlib.ui.address import change_address, read_address
from digitlib.ui.collection import load_answers
from digitlib.ui.live import load_live
from digitlib.ui.live_run import show_progress, tend_queue
from digitlib.ui.loaders import load_models, load_refusal, load_runs
from digitlib.ui.problems import escape_markdown, show_problem, show_warning
from digitlib.ui.start import start_run
from digitlib.ui.visitor import name_visitor, remember_visitor

NONE = "-"  # no run can have this name
REFRESH_SECONDS = 0.8


def choose_other(model: str) -> Run | None:
    """Show the models to compare with and return the chosen one, which may still be learning.

    Unless another is chosen it is the newest that was taught drawings on top of this model, that of
    this visitor before others'.
    """
    state = st.session_state
    learning = [run for run in load_runs().runs if run.active or run.unmeasured]
    runs = {run.id: run for run in learning if not run.config.folds}  # which make no model
    runs |= {run.id: run for run in load_models().runs}
    runs = {name: run for name, run in runs.items() if name != model}
    taught = find_taught(model, _own_first(list(runs.values())))
    asked = read_address().get("compare", taught.id if taught else NONE)
    if asked not in (NONE, *runs):
        if asked != model:
            show_warning(f"There is no model {asked!r} here.")
        change_address(compare=None)
        asked = NONE
    state.compare = asked
    chosen = st.selectbox(
        "Compare with",
        [NONE, *runs],
        format_func=lambda name: "none" if name == NONE else name,
        key="compare",
        on_change=lambda: change_address(compare=state.compare),
    )
    return runs.get(chosen)


def _own_first(runs: list[Run]) -> list[Run]:
    shown = st.session_state.get("shown_run")
    return sorted(runs, key=lambda run: (run.id != shown, not run.active))


def show_teach_button(model: str, drawings: Drawings) -> None:
    """Show the button that teaches a model the drawings, or what is in the way."""
    remember_visitor()
    lesson = choose_lesson(drawings)
    try:
        config = teach_config(load_run(model), len(lesson))
        problem = load_refusal(name_visitor())
    except DigitLabError as error:
        problem = str(error)
    clicked = st.button(
        f"Teach {model} these drawings",
        type="primary",
        icon=":material/school:",
        disabled=bool(problem),
        key="teach-model",
    )
    aside = len(drawings) - len(lesson)
    kept = f" {aside:,} are kept aside, to test it on." if aside else ""
    st.caption(
        escape_markdown(problem)
        if problem
        else f"A copy of it learns {_name_lesson(len(lesson), len(drawings))} in {LESSON_EPOCHS} "
        f"epochs, among {OLD_DIGITS:,} digits of MNIST so "
        f"that it does not forget.{kept}"
    )
    if clicked and not problem:
        change_address(compare=None)  # the one that is made now is compared
        if start_run(config, lesson):
            st.rerun()


def _name_lesson(learnt: int, kept: int) -> str:
    """Return what is learnt of the drawings that are kept, in words."""
    if kept == 1:
        return "the drawing"
    return f"all {kept:,}" if learnt == kept else f"{learnt:,} of the {kept:,}"


def show_learning(run: Run) -> None:
    """Show how far a run has come that is still learning; the page runs again at its end."""
    st.fragment(_show_learning_now, run_every=REFRESH_SECONDS)(run.id)


def _show_learning_now(run_id: str) -> None:
    try:
        live = load_live(run_id)
    except DigitLabError as error:
        show_problem(error)
        return
    if not (live.run.active or live.run.unmeasured):
        load_models.clear()
        load_runs.clear()
        st.rerun()
    if problem := tend_queue(live.run):
        show_problem(problem)
    with st.container(key="live"):
        show_progress(live)
        st.page_link(
            "pages/train.py",
            label="Watch it learn",
            icon=":material/model_training:",
            query_params={"run": run_id},
        )


def show_failure() -> None:
    """Say why the run that this visitor started here has ended without a model, if it has."""
    try:
        run = load_run(st.session_state.get("shown_run", ""))
    except DigitLabError:
        return  # none was started, or it is gone
    if run.config.drawn_digits and run.status.state in ("failed", "interrupted"):
        show_problem(f"{run.id} {run.status.state}. {run.status.message}")


def compare(model: str, other: Run | None, drawings: Drawings) -> Comparison:
    """Read the drawings with a model and another; without another, with the same one twice.

    Raises:
        DigitLabError: a model, or the drawings that it learnt from, cannot be read.
    """
    before = load_answers(model, drawings)
    after = before if other is None else load_answers(other.id, drawings)
    learnt = find_learnt(other or load_run(model))
    return Comparison(
        drawings.digits.labels.astype(int),
        before,
        after,
        np.array([name in learnt for name in drawings.names], bool),
    )


def show_result(model: str, other: Run | None, comparison: Comparison) -> None:
    """Show how many drawings are read right, before and after, those that were learnt apart."""
    count, learnt = len(comparison.labels), comparison.learnt
    everything = np.ones(count, bool)
    before, after = (accuracy.right for accuracy in comparison.count_right(everything))
    all_of_them = f"{count:,} {'drawing' if count == 1 else 'drawings'}"
    head = f"{html.escape(model)} reads {before:,} of {all_of_them} right"
    if other is not None and other.config.parent == model:
        head += f", and {after:,} after its lesson"
    elif other is not None:
        head += f", {html.escape(other.id)} {after:,}"
    st.html(f'<div class="headline">{head}</div>')
    groups = {all_of_them: everything}
    if learnt.any() and not learnt.all():
        groups[f"{learnt.sum():,} it has learnt from"] = learnt
        groups[f"{(~learnt).sum():,} it has never seen"] = ~learnt
    if other is not None or len(groups) > 1:
        st.html(_tabulate(model, other, comparison, groups))
    if other is not None and not learnt.all():
        of_which = "Of those it has never seen: " if learnt.any() else ""
        errors = comparison.compare_errors(~learnt)
        st.caption(escape_markdown(of_which + errors.describe(model, other.id)))
    if learnt.all():
        st.caption("It has learnt from all of these. Draw new ones to see what it has understood.")
    elif learnt.any():
        st.caption(
            "What it has learnt from it may just know by heart; those it has never seen tell "
            "whether it has understood."
        )


def _tabulate(
    model: str, other: Run | None, comparison: Comparison, groups: dict[str, np.ndarray]
) -> str:
    """Return a table of how many are read right in each group, a column for each model."""
    runs = [load_run(model)] if other is None else [load_run(model), other]
    times = ("before", "after") if other else ("",)
    lines = [
        ("", *(f"{time}<br>{html.escape(run.id)}" for time, run in zip(times, runs, strict=True))),
        *(
            (words, *map(_describe_right, comparison.count_right(among)[: len(runs)]))
            for words, among in groups.items()
        ),
        ("10,000 test digits", *(_describe_test(run) for run in runs)),
    ]
    head, *rows = ("".join(f"<td>{cell}</td>" for cell in line) for line in lines)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table class="before-after"><thead><tr>{head}</tr></thead>{body}</table>'


def _describe_right(accuracy: Accuracy) -> str:
    interval = accuracy.format_interval(0)
    return f'{accuracy.right:,}<br><span class="quiet">{accuracy.share:.0%} ({interval})</span>'


def _describe_test(run: Run) -> str:
    if "test" not in run.metrics:
        return "unknown"
    accuracy = Accuracy.from_summary(run.metrics["test"])
    return f'{accuracy.share:.2%}<br><span class="quiet">({accuracy.format_interval()})</span>'
