"""Which training labels look wrong: the run that finds out, and what it found."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from digitlib.data import load_training_file
from digitlib.errors import DigitLabError
from digitlib.reading.recogniser import Answer, format_share
from digitlib.reading.statistics import Accuracy
from digitlib.runs.catalogue import default_config
from digitlib.runs.files import read_time_of_change
from digitlib.runs.folder import Run, list_shipped_checks, load_run
from digitlib.runs.out_of_sample import find_check, read_suspects, read_training_probabilities
from digitlib.ui.answer import draw_bars
from digitlib.ui.collection import name_digit
from digitlib.ui.digit_image import draw_as_seen
from digitlib.ui.live import load_live
from digitlib.ui.live_run import show_progress, tend_queue
from digitlib.ui.loaders import load_refusal, load_runs
from digitlib.ui.problems import escape_markdown, show_problem, show_warning
from digitlib.ui.sheet import Cell, choose_page, show_cells
from digitlib.ui.start import queue_run
from digitlib.ui.visitor import name_visitor, remember_visitor

NETWORK, FOLDS = "fast", 5
PER_PAGE = 72  # whole rows of 18 and of 6
STARTED, OPENED = "label_check", "opened_suspect"
REFRESH_SECONDS, PICKUP_SECONDS = 0.8, 3.0


@dataclass(frozen=True, eq=False)
class Check:
    """A cross-validation that has come to its end, as it is shown.

    Attributes:
        run: the run.
        suspects: as ``read_suspects``.
        images: uint8 (n, 28, 28), of the suspects.
        probabilities: float16 (n, 10), out of sample.
    """

    run: Run
    suspects: pd.DataFrame
    images: np.ndarray
    probabilities: np.ndarray

    @property
    def counted(self) -> int:
        """How many labels are counted as wrong."""
        return int(self.suspects["counted"].sum())


def show_suspects() -> None:
    """Show the training labels that look wrong, and a button to look for them again."""
    st.subheader("Which training labels look wrong?")
    st.caption(
        "A digit is also misread if its label is wrong. So five networks each learn from four "
        "fifths of the training digits and read the fifth that they have not seen. Where they are "
        "as sure of another digit as they usually are of a right one, the label looks wrong "
        "(confident learning)."
    )
    try:
        check = load_check()
        if check is not None:
            _show_headline(check)
            with st.container(key="suspects"):
                _show_gallery(check)
    except DigitLabError as error:
        show_problem(error)
    learning = next((run for run in load_runs().runs if run.active and run.config.folds), None)
    if learning is None:
        _offer_check()
    else:
        st.fragment(_show_learning, run_every=REFRESH_SECONDS)(learning.id)


def load_check() -> Check | None:
    """Return the newest whole cross-validation of MNIST's labels, made here or else shipped.

    Raises:
        DigitLabError: its files, or the digits, are damaged.
    """
    run = find_check([*load_runs().runs, *_load_shipped_checks()])
    return run and _load_check(run.id, read_time_of_change(run.suspects_file), run)


@st.cache_resource(show_spinner=False)
def _load_shipped_checks() -> list[Run]:
    return list_shipped_checks().runs


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_check(run_id: str, version: float, _run: Run) -> Check:
    suspects = read_suspects(_run)
    places = suspects["place"].to_numpy()
    images = load_training_file().images[places]
    return Check(_run, suspects, images, read_training_probabilities(_run)[places])


def _offer_check() -> None:
    """Show the button that starts the run, what is in the way, and how the last one ended."""
    refusal = load_refusal(name_visitor())
    clicked = st.button(
        "Look for suspects anew",
        icon=":material/fact_check:",
        disabled=bool(refusal),
        key="check-labels",
        help=f"Trains {FOLDS} networks of the kind {NETWORK}: half a minute on two cores.",
    )
    if refusal:
        show_warning(refusal)
    elif clicked:
        try:
            config = dataclasses.replace(default_config(NETWORK), folds=FOLDS)
        except DigitLabError as error:
            show_problem(error)
            return
        if run_id := queue_run(config):
            st.session_state[STARTED] = run_id
            st.rerun()
    _show_end()
    remember_visitor()


def _show_end() -> None:
    """Say why the run that this visitor started has found nothing, if it has not."""
    try:
        run = load_run(st.session_state.get(STARTED, ""))
    except DigitLabError:
        return  # none was started, or it is gone
    if run.status.state == "failed":
        show_problem(f"{run.id} failed. {run.status.message}")
    elif run.status.state == "interrupted":
        st.fragment(_show_interruption, run_every=PICKUP_SECONDS)(run.id)
    elif run.status.state == "stopped":
        show_warning(f"{run.id}: {run.status.message}")


def _show_interruption(run_id: str) -> None:
    """Show a run whose process is gone, until another picks it up."""
    try:
        run = load_run(run_id)
    except DigitLabError as error:
        show_problem(error)
        return
    if run.status.state != "interrupted":
        load_runs.clear()
        st.rerun()
    show_problem(tend_queue(run) or f"{run.id} interrupted. {run.status.message}")


def _show_learning(run_id: str) -> None:
    try:
        live = load_live(run_id)
    except DigitLabError as error:
        show_problem(error)
        return
    if not live.run.active:
        load_runs.clear()
        st.rerun()
    if problem := tend_queue(live.run):
        show_problem(problem)
    with st.container(key="live"):
        show_progress(live)


def _show_headline(check: Check) -> None:
    accuracy = Accuracy.from_summary(check.run.metrics["out_of_sample"])
    st.html(
        f'<div class="headline">{check.counted:,} of {accuracy.count:,} labels look wrong · '
        f"{accuracy} are read as labelled</div>"
    )
    st.caption(
        "MNIST is real: some of these labels are truly wrong, most digits are only strange. Below "
        "each: its label → what is read instead, and how likely the label is. By "
        f"{escape_markdown(check.run.id)}."
    )


@st.fragment
def _show_gallery(check: Check) -> None:
    """Show the suspects page by page; a click on one opens it."""
    if check.suspects.empty:
        st.caption("There is none.")
        return
    kinds = {
        "Look wrong": np.flatnonzero(check.suspects["counted"]),
        "All suspects": np.arange(len(check.suspects)),
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = st.segmented_control(
            "Show",
            list(kinds),
            default="Look wrong" if check.counted else "All suspects",
            required=True,
            format_func=lambda name: f"{name} · {len(kinds[name]):,}" if name in kinds else name,
            key="suspects-shown",
            label_visibility="collapsed",
        )
        st.download_button(
            "CSV",
            check.run.suspects_file.read_bytes,
            f"{check.run.id}-suspects.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="suspects-csv",
        )
    numbers = kinds.get(kind, kinds["All suspects"])
    if not len(numbers):
        st.caption("There is none.")
        return
    numbers = numbers[choose_page(len(numbers), PER_PAGE, "suspects-page")]
    cells = [
        Cell(
            str(row.place),
            f"{row.label} → {row.suggested}",
            f"Training digit {row.place}, labelled {row.label}, read as {row.suggested}",
            note=format_share(row.quality),
        )
        for row in check.suspects.iloc[numbers].itertuples()
    ]
    chosen = show_cells(check.images[numbers], cells, "suspects-sheet")
    if chosen:
        st.session_state[OPENED] = chosen
    opened = np.flatnonzero(check.suspects["place"].astype(str) == st.session_state.pop(OPENED, ""))
    if len(opened):
        place = check.suspects["place"].iloc[opened[0]]
        st.dialog(f"Training digit {place:,}")(_show_suspect)(check, int(opened[0]))


def _show_suspect(check: Check, number: int) -> None:
    row = check.suspects.iloc[number]
    label, suggested = int(row["label"]), int(row["suggested"])
    answer = Answer(check.probabilities[number].astype(np.float32))
    image = draw_as_seen(check.images[number], 224, f"a training digit labelled {label}")
    st.html(
        f'<div class="opened-digit">{image}<div class="answer-head">'
        f'<div class="answer-digit">{suggested}</div><div class="answer-words">'
        f"<strong>Labelled {label}</strong>or {name_digit(suggested)} instead?"
        "</div></div></div>" + draw_bars(answer, label)
    )
    st.caption("✓ marks the label. Read by a network that has not learnt from this digit.")
