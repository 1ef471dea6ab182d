"""The class's drawings, as the pages get at them."""

import numpy as np
import streamlit as st

from digitlib.data.collection import Collection, Drawings
from digitlib.errors import ConfigError
from digitlib.runs.files import read_time_of_change
from digitlib.runs.folder import collection_folder, load_run
from digitlib.runs.limits import read_collecting
from digitlib.ui.loaders import load_recogniser


def is_collecting() -> bool:
    """Whether this server keeps drawings for the class; not where its setting is of no use."""
    try:
        return read_collecting()
    except ConfigError:
        return False


def name_digit(digit: int) -> str:
    """Return a digit with its article, such as ``a 7`` and ``an 8``."""
    return f"an {digit}" if digit == 8 else f"a {digit}"


def get_collection() -> Collection:
    return Collection(collection_folder())


@st.cache_resource(ttl=2, max_entries=1, show_spinner=False)
def load_drawings() -> Drawings:
    """Return the class's drawings, as they were a moment ago.

    Raises:
        CollectionError: they cannot be read.
    """
    return get_collection().read()


def load_answers(run_id: str, drawings: Drawings) -> np.ndarray:
    """Return what a run's model reads in each drawing, int (n,).

    Raises:
        DigitLabError: the run or its model file is missing or damaged.
    """
    return load_drawing_probabilities(run_id, drawings).argmax(axis=1)


def load_drawing_probabilities(run_id: str, drawings: Drawings) -> np.ndarray:
    """Return the answers of a run's model to each drawing, float32 (n, 10).

    Raises:
        DigitLabError: the run or its model file is missing or damaged.
    """
    version = read_time_of_change(load_run(run_id).model_file)
    return _load_probabilities(run_id, version, "".join(drawings.names), drawings)


@st.cache_resource(max_entries=32, show_spinner=False)
def _load_probabilities(run_id: str, version: float, names: str, _drawings: Drawings) -> np.ndarray:
    # A drawing's name stands for its pixels: the names are all that the answers depend on.
    return load_recogniser(run_id).read(_drawings.digits.images)
