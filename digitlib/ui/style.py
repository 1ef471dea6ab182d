"""The stylesheet of the app's own elements, and the colours of everything."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

# A file of our own: for a Material icon here the browser would ask a server far away.
ICON = Path(__file__).with_name("icon.png")


@dataclass(frozen=True)
class Palette:
    """The colours of a theme's charts, as CSS has them for the rest.

    Safe for the colour-blind: M. Okabe and K. Ito, Color Universal Design, 2008. Colour is never
    alone: right and wrong also differ by a mark, lines by a label.
    """

    training: str
    validation: str = "#E69F00"
    right: str = "#009E73"
    wrong: str = "#D55E00"
    quiet: str = "#8A9099"
    text: str = "#1F2328"


# The palette's blue is too dark to be read on a dark ground; its sky blue takes over there.
PALETTES = {
    "light": Palette(training="#0072B2"),
    "dark": Palette(training="#56B4E9", text="#E8EAED"),
}


def get_theme() -> str:
    """Return the theme this visitor has, ``"light"`` or ``"dark"``."""
    return st.context.theme.type or "light"


def get_palette() -> Palette:
    """Return the colours for the theme this visitor has."""
    return PALETTES[get_theme()]


def apply_style() -> None:
    st.html(Path(__file__).with_name("style.css"))
    # Dialogs lie outside the element that Streamlit tells its theme.
    st.html(f"<style>:root {{ color-scheme: {get_theme()}; }}</style>")
