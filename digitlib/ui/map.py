"""The map: all test digits in a plane, side by side where they are alike to the network."""

import base64
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.reading.recogniser import BATCH, Recogniser
from digitlib.runs.files import read_time_of_change
from digitlib.runs.folder import load_run
from digitlib.runs.study import read_map
from digitlib.runs.study_files import PARTS, fingerprint, has_part, study_folder
from digitlib.ui.answers import load_test_answers
from digitlib.ui.loaders import load_test_digits
from digitlib.ui.problems import show_problem
from digitlib.ui.sheets import ADDRESS, PER_ROW, PER_SHEET, order_digits
from digitlib.ui.study import await_study
from digitlib.ui.style import get_theme

# Ten colours, as far as the colour-blind can tell ten apart: P. Tol, *Colour Schemes* (2021),
# "muted", with the pale ones darker on white and the dark ones paler on black. They are dealt out
# so that digits which networks mix up, such as 4 and 9, differ the most to every kind of eye.
COLOURS = {
    "light": (
        "#AA4499", "#CC6677", "#2FA392", "#999933", "#777777",
        "#882255", "#117733", "#332288", "#0096B8", "#B8920A",
    ),
    "dark": (
        "#5FD3BF", "#BBBBBB", "#DB8FD0", "#B9B94A", "#FF9AA8",
        "#88CCEE", "#F0DC82", "#4FB86A", "#E0709F", "#8F86E8",
    ),
}  # fmt: skip
MAP_SECONDS = 50.0  # of one core, for the layout
_HERE = Path(__file__)
_draw_map = st.components.v2.component(
    "digitlib_map",
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, eq=False)
class MapPoints:
    """The map as the browser gets it; digits are in the order of the sheets, all zeros first.

    Attributes:
        order: int (10000,), the places of these digits among the test digits.
        places: float32 (10000, 2), x and y, 0 to 1.
        misread: bool (10000,).
        data: for the component, but for what depends on the theme.
    """

    order: np.ndarray
    places: np.ndarray
    misread: np.ndarray
    data: dict[str, Any]


def show_map(model: str, epoch: int | None = None) -> np.ndarray | None:
    """Show the map of a model, or a button that has it computed.

    Args:
        model: the run.
        epoch: after how many epochs the misread are those that are marked; None for the end.

    Returns:
        The places of the chosen test digits, int (n,), in ascending order; None if none are.
    """
    try:
        points = load_map(model, epoch)
        if points is None:
            await_study(model, "map", "Compute the map", "compute-map", expect_seconds(model))
            return None
    except DigitLabError as error:
        show_problem(error)
        return None
    chosen = _draw_map(
        data=points.data | {"colours": COLOURS[get_theme()]},
        key=f"map-{model}",
        on_choice_change=lambda: None,
    ).choice
    return find_chosen(points, chosen)


def load_map(model: str, epoch: int | None = None) -> MapPoints | None:
    """Return the map of a model, drawn once for all visitors; None if it is not computed.

    Args:
        model, epoch: as for ``show_map``.

    Raises:
        DigitLabError: the run or its answers are missing or damaged.
    """
    run = load_run(model)
    version = read_time_of_change(study_folder(run) / "map.npz")
    return _load_map(model, (fingerprint(run), version), epoch)


def find_chosen(points: MapPoints, choice: Any) -> np.ndarray | None:
    """Return the places of the test digits that a visitor has chosen; None if they chose nothing.

    Args:
        points: of the map.
        choice: as the browser says it: ``box`` (left, top, right, bottom, 0 to 1) and ``digit``,
            or null, and ``misread``, whether only these. A visitor may send anything.

    Example: ``{"box": [0, 0, 0.5, 1], "digit": 4, "misread": False}`` are the fours of the left
    half.
    """
    if not isinstance(choice, dict):
        return None
    box, digit = choice.get("box"), choice.get("digit")
    chosen = np.ones(len(points.order), bool)
    try:
        if box is not None:
            left, top, right, bottom = (float(edge) for edge in box)
            x, y = points.places.T
            chosen &= (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
        if digit is not None:
            chosen &= load_test_digits().labels[points.order] == int(digit)
    except (TypeError, ValueError, OverflowError):
        return None
    if choice.get("misread") is True:
        chosen &= points.misread
    return np.sort(points.order[chosen])


@st.cache_resource(max_entries=16, show_spinner=False)
def _load_map(model: str, version: tuple[str, float], epoch: int | None) -> MapPoints | None:
    places = read_map(load_run(model))
    if places is None:
        return None
    labels = load_test_digits().labels
    order = order_digits(labels)
    truth, answers = labels[order], load_test_answers(model, epoch).argmax(axis=1)[order]
    packed = np.round((places[order] + 1) / 2 * 65535).astype("<u2")
    places = packed.astype(np.float32) / 65535  # as the browser has them, to the last bit
    wrong = np.flatnonzero(answers != truth)
    digits = range(10)
    data = {
        "name": f"{model} {version} {epoch}",
        "description": f"The test digits as {model} sees them, {len(wrong):,} of them misread",
        "places": base64.b64encode(packed.tobytes()).decode("ascii"),
        "counts": [int((truth == digit).sum()) for digit in digits],
        "middles": [np.median(places[truth == digit], axis=0).tolist() for digit in digits],
        "misread": [[int(place), int(answers[place])] for place in wrong],
        "sheets": {"address": ADDRESS, "perSheet": PER_SHEET, "perRow": PER_ROW},
    }
    return MapPoints(order, places, answers != truth, data)


def expect_seconds(model: str) -> float:
    """Return about how long it takes until the map of a model is there, with a core to itself.

    Raises:
        DigitLabError: the run or its model is missing or damaged.
    """
    run = load_run(model)
    unread = 10_000 + 60_000 * any(not has_part(run, part) for part in PARTS[:-1])
    return MAP_SECONDS + unread * time_reading(model)


def time_reading(model: str) -> float:
    """Return how many seconds a model takes to read a digit of many."""
    return _time_reading(model, fingerprint(load_run(model)))


@st.cache_resource(max_entries=64, show_spinner=False)
def _time_reading(model: str, version: str) -> float:
    # A recogniser of its own, which goes again: most models that are looked at read nothing here.
    recogniser, digits = Recogniser(load_run(model).model_file), load_test_digits().images[:BATCH]
    recogniser.read(digits)
    start = time.perf_counter()
    recogniser.read(digits)
    return (time.perf_counter() - start) / BATCH
