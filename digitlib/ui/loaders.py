"""What all visitors share, loaded once: models, digits, answers.

Everything cached here is either read-only or safe to use from many threads.
"""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlib.card import describe_model
from digitlib.data import Digits, load_mnist, pick_samples
from digitlib.reading.layers import LayerReader
from digitlib.reading.recogniser import Recogniser
from digitlib.runs import catalogue
from digitlib.runs.catalogue import NetworkDescription
from digitlib.runs.files import read_time_of_change
from digitlib.runs.folder import Run, RunList, list_models, list_runs, load_run
from digitlib.runs.queue import find_refusal
from digitlib.vision.written import write_digits


@dataclass(frozen=True, eq=False)
class ClassSamples:
    """A look at the training digits.

    Attributes:
        images: uint8 (10, n, 28, 28), a row of samples for each of the ten digits.
        counts: int (10,), how many training digits there are of each.
    """

    images: np.ndarray
    counts: np.ndarray


def load_recogniser(run_id: str) -> Recogniser:
    """Return the recogniser of a run, shared by all visitors: its answers are calibrated, and
    each says whether what was read is taken for a digit at all.

    Raises:
        DigitLabError: the run or its model file is missing or damaged.
    """
    return _load_recogniser(run_id, _version(load_run(run_id)))


def load_layers(run_id: str) -> LayerReader:
    """Return what looks into the layers of a run's model, shared by all visitors.

    Raises:
        DigitLabError: the run or its model file is missing or damaged.
    """
    return _load_layers(run_id, _version(load_run(run_id)))


def load_card(run_id: str) -> str:
    """Return the card of a run's model, as Markdown.

    Raises:
        DigitLabError: the run or its answers are missing or damaged.
    """
    run = load_run(run_id)
    measured = max(
        read_time_of_change(file) for file in (run.folder / "robustness.json", run.judgement_file)
    )
    return _load_card(run_id, (_version(run), measured))


def load_probabilities(run_id: str):
    """Return a run's answers for the test digits, float32 (10000, 10)."""
    return _load_probabilities(run_id, _version(load_run(run_id)))


@st.cache_resource(show_spinner=False)
def load_test_digits() -> Digits:
    return load_mnist("test")


@st.cache_resource(show_spinner=False)
def load_class_samples() -> ClassSamples:
    training = load_mnist("training")
    return ClassSamples(pick_samples(training, 26), np.bincount(training.labels, minlength=10))


@st.cache_resource(show_spinner=False)
def load_written_samples() -> np.ndarray:
    """Return digits of a simulated pen as a network learns from them, uint8 (16, 28, 28)."""
    return write_digits(16, 1).images


@st.cache_data(ttl=2, show_spinner=False)
def load_models() -> RunList:
    return list_models()


@st.cache_resource(ttl=1, show_spinner=False)
def load_runs() -> RunList:
    """Return the runs made here, as they were a moment ago."""
    return list_runs()


@st.cache_resource(ttl=10, show_spinner=False)
def load_measured() -> list[Run]:
    """Return the runs that tell how long trainings take: those that ended here, those shipped."""
    return [run for run in load_runs().runs if run.readable] + list_models().runs


@st.cache_resource(ttl=3, max_entries=256, show_spinner=False)
def load_refusal(visitor: str) -> str:
    """Return why one more run of a visitor has no room just now; empty if it has."""
    return find_refusal(visitor)


@st.cache_resource(ttl=10, show_spinner="Looking at the networks")
def load_networks() -> dict[str, NetworkDescription]:
    return catalogue.describe_networks()


@st.cache_resource(max_entries=8, show_spinner=False)
def _load_recogniser(run_id: str, version: float) -> Recogniser:
    return Recogniser(load_run(run_id).model_file)


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_layers(run_id: str, version: float) -> LayerReader:
    return LayerReader(load_run(run_id).model_file)


@st.cache_resource(max_entries=16, show_spinner=False)
def _load_card(run_id: str, version: tuple[float, float]) -> str:
    return describe_model(load_run(run_id))


@st.cache_resource(max_entries=16, show_spinner=False)
def _load_probabilities(run_id: str, version: float):
    return load_run(run_id).read_test_probabilities()


def _version(run: Run) -> float:
    """Return what changes when a run's model does: a run of the same name may be made anew."""
    return read_time_of_change(run.model_file)
