"""What it looked at: where the answer hangs on the digit, and what each layer finds in it."""

import html

import numpy as np
import streamlit as st
from PIL import Image

from digitlib.errors import DigitLabError
from digitlib.reading.occlusion import Occlusion, map_occlusion
from digitlib.reading.recogniser import Answer, format_share
from digitlib.ui.digit_image import MINUS, PLUS, draw_as_seen, to_data_url
from digitlib.ui.loaders import load_layers, load_recogniser
from digitlib.ui.problems import show_problem

MOST_MAPS = 32  # of a layer
COLUMNS = 8
GAP = 1  # pixels between two maps


def show_explanation(digit: np.ndarray, answer: Answer, model: str) -> None:
    """Show what an answer hangs on, and the feature maps of each convolution, once it is opened."""
    state = st.session_state

    def remember() -> None:
        state.explained = state.explanation  # which is forgotten while there is no digit

    explanation = st.expander(
        "What it looked at",
        expanded=state.get("explained", False),
        key="explanation",
        on_change=remember,
    )
    if explanation.open:
        with explanation:
            try:
                _explain(digit, answer, model)
            except DigitLabError as error:
                show_problem(error)


def _explain(digit: np.ndarray, answer: Answer, model: str) -> None:
    read = load_recogniser(model).read
    occlusion = map_occlusion(digit, answer.digit, read)
    st.html(
        f'<div class="looked-at"><figure class="figure">{draw_occlusion(digit, occlusion.map)}'
        "</figure>"
        f'<figure class="figure">'
        f"{draw_as_seen(occlusion.weakest, 168, 'the digit with its most needed place covered')}"
        f"</figure><p>{_describe(answer, occlusion)}</p></div>"
    )
    show_layers(digit, model, heading="What each layer finds")


def show_layers(digit: np.ndarray, model: str, heading: str = "") -> None:
    """Show the feature maps of each convolution of a model for a digit.

    Args:
        digit: uint8 (28, 28), 255 is ink.
        model: the run.
        heading: above them, if there are any; may be empty.

    Raises:
        DigitLabError: the model is missing or damaged.
    """
    maps = load_layers(model).read(digit[np.newaxis]).maps
    if not maps:
        st.caption("This network has no convolutions: it looks at all pixels at once.")
        return
    if heading:
        st.html(f'<h4 class="small-heading">{heading}</h4>')
    tabs = st.tabs([f"Layer {number}" for number in range(1, len(maps) + 1)])
    for tab, found in zip(tabs, maps, strict=True):
        with tab:
            _show_maps(found[0])


def draw_occlusion(digit: np.ndarray, occlusion: np.ndarray) -> str:
    """Return a digit, in grey, under the colours of an occlusion map, as an ``<img>``.

    Args:
        digit: uint8 (28, 28), 255 is ink.
        occlusion: float32 (28, 28), -1 to 1.
    """
    colours = np.where(occlusion[..., np.newaxis] > 0, PLUS, MINUS)
    strength = np.abs(occlusion)[..., np.newaxis]
    pixels = (1 - strength) * 0.6 * digit[..., np.newaxis] + strength * colours
    url = to_data_url(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)))
    return (
        '<img class="digit" alt="which places the answer needs" width="168" height="168" '
        f'src="{url}">'
    )


def _describe(answer: Answer, occlusion: Occlusion) -> str:
    """Return what the two pictures say, as HTML."""
    covered = Answer(occlusion.probabilities)
    then = html.escape(format_share(float(covered.probabilities[answer.digit])))
    words = (
        f"A square of 7 × 7 pixels was covered, place after place. Where it is "
        f'<span class="plus">blue</span>, the answer {answer.digit} needs what is there; where it '
        f'is <span class="minus">orange</span>, the network is surer without. '
    )
    if covered.digit != answer.digit:
        words += (
            f"With the place covered that it needs most, as in the second picture, it reads a "
            f"<strong>{covered.digit}</strong>, and gives {answer.digit} only {then}."
        )
    else:
        words += (
            f"Even with the place covered that it needs most, as in the second picture, it still "
            f"gives {then} to {answer.digit}."
        )
    return words


def _show_maps(found: np.ndarray) -> None:
    """Show the maps of a layer, float32 (height, width, filters), those that find most."""
    height, width, filters = found.shape
    count = min(MOST_MAPS, filters)
    best = np.sort(np.argsort(-found.max(axis=(0, 1)), kind="stable")[:count])
    url = to_data_url(Image.fromarray(lay_out_maps(found[..., best])))
    st.html(f'<img class="digit maps" alt="the maps of {count} filters" src="{url}">')
    which = f"the {count} that find most of {filters}" if count < filters else f"all {filters}"
    st.caption(
        f"{filters} filters, {height} × {width} places each; shown are {which}. "
        "The brighter, the more of its pattern a filter finds there."
    )


def lay_out_maps(maps: np.ndarray) -> np.ndarray:
    """Return maps side by side, the brightest place of all white.

    Args:
        maps: float32 (height, width, n).

    Returns:
        uint8 (rows, columns), eight maps in a row, a grey line between two.
    """
    height, width, count = maps.shape
    rows = -(-count // COLUMNS)
    sheet = np.full((rows * (height + GAP) - GAP, COLUMNS * (width + GAP) - GAP), 96, np.uint8)
    bright = np.clip(255 * maps / max(float(maps.max()), 1e-6), 0, 255).astype(np.uint8)
    for place in range(count):
        top, left = place // COLUMNS * (height + GAP), place % COLUMNS * (width + GAP)
        sheet[top : top + height, left : left + width] = bright[..., place]
    return sheet
