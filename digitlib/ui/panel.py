"""Watch it learn: 24 digits it never trains on turn from wrong to right, its filters take shape."""

import html
from pathlib import Path

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.runs.files import read_time_of_change
from digitlib.runs.folder import Run
from digitlib.runs.snapshots import PANEL_SIZE, Snapshot, load_panel, read_snapshot
from digitlib.ui.collection import name_digit
from digitlib.ui.digit_image import draw_mask, draw_signed
from digitlib.ui.live import Live

SIDE = 40  # of a digit, in CSS pixels


def show_panel(live: Live) -> None:
    """Show what a run's network answers and looks for, with a slider back through time."""
    if not live.moments:
        return
    with st.container(key="panel"):
        digits, filters = st.columns([3, 2], gap="large")
        # Below, but asked first: what it says decides what is shown above.
        with digits.container(key="panel-time"):
            epoch, path = live.moments[_choose_moment(live.run, live.moments)]
        drawn = _draw(path, read_time_of_change(path), epoch)
        if drawn is None:
            return
        digits.html(drawn[0])
        filters.html(drawn[1])


def _choose_moment(run: Run, moments: tuple[tuple[float, Path], ...]) -> int:
    """Show the slider; return the place of the chosen snapshot. It follows the newest by itself."""
    newest = len(moments) - 1
    if newest == 0:
        return 0
    state, key = st.session_state, f"moment-{run.id}"
    known = state.get(f"{key}-newest", newest)
    if state.get(key, known) >= known:
        state[key] = newest
    state[f"{key}-newest"] = newest
    return st.select_slider(
        "Back through time",
        range(newest + 1),
        key=key,
        format_func=lambda place: f"epoch {moments[place][0]:.4g}",
    )


@st.cache_resource(max_entries=256, show_spinner=False)
def _draw(path: Path, changed: float, epoch: float) -> tuple[str, str] | None:
    """Return the panel and the filters of a snapshot as HTML, drawn once for all who watch."""
    snapshot = read_snapshot(path)
    return snapshot and (_draw_digits(snapshot, epoch), _draw_filters(snapshot))


def _draw_digits(snapshot: Snapshot, epoch: float) -> str:
    try:
        panel = load_panel()
    except DigitLabError as error:
        return html.escape(str(error))
    answers = snapshot.probabilities.argmax(axis=1)
    right = answers == panel.labels
    cells = []
    for place, (answer, truth) in enumerate(zip(answers, panel.labels, strict=True)):
        mark, kind = ("✓", "right") if right[place] else ("✗", "wrong")
        words = f"{name_digit(truth)}, read as {answer}"
        cells.append(
            f'<div class="panel-digit {kind}" role="img" aria-label="{words}" title="{words}">'
            f'<i style="--place:{place}"></i><span class="mark-{kind}">{mark}</span>{answer}</div>'
        )
    return (
        f"<p><strong>{right.sum()} of {PANEL_SIZE}</strong> digits it never trains on are read "
        f"right after epoch {epoch:.3g}</p>"
        f'<div class="panel-digits" style="--mask:url({draw_mask(panel.images)})">'
        f"{''.join(cells)}</div>"
    )


def _draw_filters(snapshot: Snapshot) -> str:
    count = len(snapshot.filters)
    if count == 0:
        return ""
    height, width = snapshot.filters.shape[1:]
    pictures = "".join(draw_signed(picture, SIDE, "a filter") for picture in snapshot.filters)
    return (
        f"<p>What its first layer looks for: {count} filters of {height} × {width}</p>"
        f'<div class="filters">{pictures}</div>'
        '<p class="quiet"><span class="plus">■</span> ink here speaks for it, '
        '<span class="minus">■</span> against it</p>'
    )
