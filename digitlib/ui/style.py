"""The stylesheet of the app's own elements, and the colours of everything."""

from pathlib import Path

import streamlit as st

# Safe for the colour-blind: M. Okabe and K. Ito, Color Universal Design, 2008. Colour is never
# alone: right and wrong also differ by a mark, lines by a label.
ANSWER = TRAINING = "#0072B2"
RIGHT = "#009E73"
WRONG = "#D55E00"
VALIDATION = "#E69F00"
GREY = "#8A9099"

# A file of our own: for a Material icon here the browser would ask a server far away.
ICON = Path(__file__).with_name("icon.png")


TEXT = {"light": "#1F2328", "dark": "#E8EAED"}  # as in .streamlit/config.toml


def get_text_colour() -> str:
    """Return the colour of text in the theme this visitor has."""
    return TEXT[st.context.theme.type or "light"]


def apply_style() -> None:
    st.html(Path(__file__).with_name("style.css"))
