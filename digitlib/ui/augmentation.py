"""Which digits are added, how far all are changed, and a look at what becomes of them."""

import numpy as np
import streamlit as st

from digitlib.data.augmentation import (
    AUGMENTATION_LIMITS,
    PRESETS,
    Augmentation,
    augment,
)
from digitlib.errors import DigitLabError
from digitlib.runs.catalogue import NetworkDescription
from digitlib.runs.config import LIMITS
from digitlib.ui.collection import is_collecting, load_drawings
from digitlib.ui.digit_image import draw_as_seen
from digitlib.ui.loaders import load_class_samples, load_written_samples
from digitlib.ui.problems import show_problem

SHOWN = 16
SIDE = 36  # of a digit, in CSS pixels

LABELS = {
    "rotation": ("Turn", "%d°", 1.0, "To either side, up to so many degrees."),
    "shift": ("Move", "%.1f px", 0.5, "Along each side, up to so many pixels."),
    "zoom": ("Scale", "±%.2f", 0.05, "Larger or smaller, up to this share."),
    "shear": ("Slant", "±%.2f", 0.05, "Rows moved sideways, up to this share of the height."),
    "elastic": ("Bend", "%.1f px", 0.1, "As a trembling hand does, by about so many pixels."),
    "thickness": (
        "Pen",
        "±%.1f px",
        0.1,
        "Thicker on each side of a line, or half as far thinner.",
    ),
    "erasing": ("Erase", "%.2f", 0.05, "The share of the digits that lose a piece."),
    "disguise": (
        "Disguise",
        "%.2f",
        0.05,
        "The share whose look is changed: hollow, faint or swapped ink, ruled or uneven paper, "
        "blur, grain, a filter, or scraps of other digits beside it.",
    ),
}


def choose_augmentation(network: NetworkDescription) -> dict[str, Augmentation | int]:
    """Show how far digits may be changed, sixteen of them before and after, and those to add.

    Returns:
        ``augmentation``, ``plain_epochs``, ``written_digits`` and ``drawn_digits`` of a config.
    """
    chosen = _read_widgets(network)
    named = next((name for name, preset in PRESETS.items() if preset == chosen), "own")
    with st.popover(f"Augmentation: {named}", icon=":material/auto_fix_high:", width="stretch"):
        st.caption("Digits changed anew in every epoch, so that it learns from sloppier hands.")
        with st.container(horizontal=True):
            for name, preset in PRESETS.items():
                st.button(
                    name.capitalize(),
                    key=f"augmentation-{name}",
                    on_click=_set_widgets,
                    args=(network, preset),
                    type="primary" if name == named else "secondary",
                )
        _show_preview(chosen)
        columns = st.columns(2)
        for place, (name, (label, form, step, words)) in enumerate(LABELS.items()):
            columns[place % 2].slider(
                label,
                *AUGMENTATION_LIMITS[name],
                value=getattr(network.defaults.augmentation, name),
                step=step,
                format=form,
                help=words,
                key=_key(network, name),
                persist_state="session",
            )
        plain = st.slider(
            "Plain epochs",
            0,
            10,
            value=network.defaults.plain_epochs,
            help="How many of the last epochs go with digits nearly as they are: turned, moved, "
            "sized and slanted half as far, and no more. It ends on what it will be asked.",
            key=f"{network.name}-plain_epochs",
            persist_state="session",
        )
        written = _choose_written_digits(network)
        drawn = _choose_drawn_digits(network)
    return {
        "augmentation": chosen,
        "plain_epochs": plain,
        "written_digits": written,
        "drawn_digits": drawn,
    }


def _choose_written_digits(network: NetworkDescription) -> int:
    """Show how many digits the simulated pen adds, and sixteen of them."""
    count = st.slider(
        "Written digits",
        *LIMITS["written_digits"],
        value=network.defaults.written_digits,
        step=1_000,
        format="localized",
        help="How many digits are added that a simulated pen writes, in shapes that are rare in "
        "MNIST: crossed sevens, ones with a flag, open nines and fours. They are changed like the "
        "others.",
        key=f"{network.name}-written_digits",
        persist_state="session",
    )
    if count:
        written = "".join(
            f"<div>{draw_as_seen(digit, SIDE, 'written')}</div>" for digit in load_written_samples()
        )
        st.html(f'<p class="quiet">As the pen writes them:</p><div class="pairs">{written}</div>')
    return count


def _choose_drawn_digits(network: NetworkDescription) -> int:
    """Show how many of the class's drawings are added, where there are any."""
    if not is_collecting():
        return 0
    try:
        count = len(load_drawings())
    except DigitLabError as error:
        show_problem(error)
        return 0
    if not count:
        return 0
    return st.slider(
        "Class drawings",
        *LIMITS["drawn_digits"],
        value=network.defaults.drawn_digits,
        step=1_000,
        format="localized",
        help=f"How many digits are added of the {count:,} that were drawn and labelled here, over "
        "and over: a few among 55,000 would be lost.",
        key=f"{network.name}-drawn_digits",
        persist_state="session",
    )


def _show_preview(settings: Augmentation) -> None:
    """Show sixteen training digits before and after."""
    try:
        samples = load_class_samples().images.swapaxes(0, 1).reshape(-1, 28, 28)[:SHOWN]
    except DigitLabError as error:
        show_problem(error)
        return
    chance = np.random.default_rng(st.session_state.get("augmentation_seed", 0))
    changed = np.round(augment(samples, settings, chance) * 255).astype(np.uint8)
    pairs = "".join(
        f"<div>{draw_as_seen(before, SIDE, 'before')}{draw_as_seen(after, SIDE, 'after')}</div>"
        for before, after in zip(samples, changed, strict=True)
    )
    st.html(f'<p class="quiet">Before, and below it after:</p><div class="pairs">{pairs}</div>')
    st.button(
        "Change them anew", icon=":material/casino:", key="augmentation-again", on_click=_again
    )


def _again() -> None:
    st.session_state.augmentation_seed = st.session_state.get("augmentation_seed", 0) + 1


def _read_widgets(network: NetworkDescription) -> Augmentation:
    """Return what the sliders below are set to; they are drawn after their sum in one word."""
    defaults, state = network.defaults.augmentation, st.session_state
    return Augmentation(
        **{name: state.get(_key(network, name), getattr(defaults, name)) for name in LABELS}
    )


def _set_widgets(network: NetworkDescription, settings: Augmentation) -> None:
    for name in LABELS:
        st.session_state[_key(network, name)] = getattr(settings, name)


def _key(network: NetworkDescription, name: str) -> str:
    return f"{network.name}-augmentation-{name}"
