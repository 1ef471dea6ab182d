"""Import and load what the first drawing needs while the visitor still looks at the page."""

import threading

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.runs.folder import DEFAULT_MODEL
from digitlib.runs.local_engine import ensure_engine
from digitlib.ui.memory import return_free_memory


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Read a drawing that nobody made, once per server, in the background."""
    return_free_memory()
    thread = threading.Thread(target=_read_something, daemon=True)
    thread.start()
    return thread


@st.cache_resource(ttl=60, show_spinner=False)
def warm_up_training() -> threading.Thread:
    """Have the processes that train load TensorFlow, in the background, while the visitor reads."""
    thread = threading.Thread(target=_start_engine, daemon=True)
    thread.start()
    return thread


def wait_for_engine() -> None:
    """Wait until the processes that train run, where they are started on this machine.

    Whoever then loads the rest of Dask, which takes most of a second, does not keep them from
    loading it.

    Raises:
        EngineError: they cannot be started.
    """
    import dask.config

    if dask.config.get("scheduler-address", None) is None:
        ensure_engine()


def _start_engine() -> None:
    try:
        wait_for_engine()
        from digitlib.runs.engine import warm_engine

        warm_engine()
    except DigitLabError:
        return  # the button that trains meets it again, and says it


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
