"""Import and load what the first drawing needs while the visitor still looks at the page."""

import threading

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.runs.folder import DEFAULT_MODEL


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Read a drawing that nobody made, once per server, in the background."""
    thread = threading.Thread(target=_read_something, daemon=True)
    thread.start()
    return thread


def _read_something() -> None:
    import numpy as np

    from digitlib.ui.loaders import load_recogniser
    from digitlib.vision import prepare_digit

    drawing = np.zeros((280, 280, 4), np.uint8)
    drawing[40:240, 130:150] = 255
    try:
        load_recogniser(DEFAULT_MODEL).read(prepare_digit(drawing).digit[np.newaxis])
    except DigitLabError:
        return  # the page that needs the model says what is wrong with it
