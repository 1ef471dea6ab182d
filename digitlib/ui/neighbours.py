"""The training digits nearest to a digit: what a network has taken it for, and what it is."""

import html

import numpy as np
import streamlit as st

from digitlib.data import Digits, load_labels, pick_digits
from digitlib.errors import DigitLabError
from digitlib.reading.neighbours import Neighbours, find_neighbours
from digitlib.runs.files import read_time_of_change
from digitlib.runs.folder import load_run
from digitlib.runs.study import read_features
from digitlib.runs.study_files import fingerprint, has_part, study_folder
from digitlib.ui.collection import name_digit
from digitlib.ui.digit_image import draw_mask
from digitlib.ui.loaders import load_layers
from digitlib.ui.map import time_reading
from digitlib.ui.problems import show_problem
from digitlib.ui.study import REFRESH_SECONDS, offer_study

_WAITED = "neighbours_waited_for"
COUNT = 8
CLEARLY = 0.02  # by how much alike one class must lead, to lead clearly


def show_neighbours(model: str, digit: np.ndarray, answer: int, truth: int | None) -> None:
    """Show which training digits are nearest to a digit in the network's last layer.

    Where the features of the training digits are not there yet, a button has them computed.

    Args:
        model: the run's id.
        digit: uint8 (28, 28) in MNIST form, 255 is ink.
        answer: what the model reads in it.
        truth: what it is; None where nobody knows.
    """
    waits = not has_part(load_run(model), "features")
    if waits:
        st.session_state[_WAITED] = True
    # In a fragment of its own: where it is called in a dialog, a run of the page would close that.
    st.fragment(_show_neighbours, run_every=REFRESH_SECONDS if waits else None)(
        model, digit, answer, truth
    )


def end_waiting() -> None:
    """Run the page anew where neighbours were waited for in a dialog that is closed now.

    Their fragment would go on running every second, and draw into whatever dialog is opened next,
    at which Streamlit's client breaks down. Only a run of the whole page ends it.
    """
    if st.session_state.pop(_WAITED, False):
        st.rerun()


def _show_neighbours(model: str, digit: np.ndarray, answer: int, truth: int | None) -> None:
    try:
        run = load_run(model)
        version = (fingerprint(run), read_time_of_change(study_folder(run) / "features.npz"))
        drawn = _draw_neighbours(model, version, digit.tobytes(), answer, truth)
        if drawn is None:
            offer_study(
                model,
                "Find the nearest training digits",
                "compute-features",
                60_000 * time_reading(model),
            )
        else:
            st.html(drawn)
    except DigitLabError as error:
        show_problem(error)


@st.cache_resource(max_entries=128, show_spinner="Looking for the nearest training digits")
def _draw_neighbours(
    model: str, version: tuple[str, float], pixels: bytes, answer: int, truth: int | None
) -> str | None:
    # Read for each digit anew, in 0.1 s: kept, they would be 14 MB of the web process.
    features = read_features(load_run(model))
    if features is None:
        return None
    digit = np.frombuffer(pixels, np.uint8).reshape(1, 28, 28)
    point = features.project(load_layers(model).read(digit).features)[0]
    classes = [answer] if truth is None or truth == answer else [answer, truth]
    labels = load_labels("training")
    found, rows = [], []
    # One more than is shown: a training digit is not its own neighbour.
    for each in find_neighbours(point, features.points, labels, classes, COUNT + 1):
        picked = pick_digits("training", each.places)
        others = np.flatnonzero((picked.images != digit).any(axis=(1, 2)))[:COUNT]
        kind = ", as it is" if found else ", as it was read"
        heading = f"The {classes[len(found)]}s most alike{kind}"
        found.append(Neighbours(each.places[others], each.likeness[others]))
        rows.append(_draw_row(heading, found[-1], picked.take(others)))
    return f"<p>{describe_neighbours(classes, found)}</p>{''.join(rows)}"


def _draw_row(heading: str, found: Neighbours, digits: Digits) -> str:
    cells = []
    for place, likeness in enumerate(found.likeness):
        share = html.escape(format_likeness(float(likeness)))
        words = f"{name_digit(digits.labels[place])} it could learn from, {share} alike"
        cells.append(
            f'<div class="panel-digit" role="img" aria-label="{words}" title="{words}">'
            f'<i style="--place:{place}"></i>{share}</div>'
        )
    return (
        f'<div class="neighbours"><p>{heading}</p><div class="panel-digits" '
        f'style="--mask:url({draw_mask(digits.images)})">{"".join(cells)}</div></div>'
    )


def describe_neighbours(classes: list[int], found: list[Neighbours]) -> str:
    """Return in a sentence what the nearest digits of the answer, and of the truth, tell.

    Args:
        classes: the answer, then the truth if that is another.
        found: the nearest digits of each.
    """
    best = [float(each.likeness[0]) for each in found]
    shares = [html.escape(format_likeness(each)) for each in best]
    words = f"Among the 55,000 training digits, the nearest {classes[0]} is {shares[0]} alike"
    if len(classes) == 1:
        return f"{words}: what its last layer finds in this digit, it finds in that one, too."
    answer, truth = classes
    words += f" and the nearest {truth} is {shares[1]} alike: "
    if best[0] - best[1] > CLEARLY:
        return words + (
            f"its last layer sees {name_digit(answer)}, rather than {name_digit(truth)} that "
            "looks like this."
        )
    if best[1] - best[0] > CLEARLY:
        return words + (
            f"it could learn from {name_digit(truth)} like this, and yet reads "
            f"{name_digit(answer)}."
        )
    return words + f"to its last layer this lies between {answer} and {truth}."


def format_likeness(likeness: float) -> str:
    """Return a cosine in percent, never rounded up to the same: 0.9997 is ``>99.9%``."""
    return ">99.9%" if likeness > 0.999 else f"{max(likeness, 0.0):.1%}"
