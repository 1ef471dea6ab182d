"""What models answer to a set of digits, read or looked up once for all visitors."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlib.errors import DigitLabError, ModelError
from digitlib.reading.disagreement import measure_disagreement
from digitlib.reading.evaluation import Evaluation, measure
from digitlib.runs.epoch_answers import list_answered_epochs, read_epoch_answers
from digitlib.runs.files import read_time_of_change
from digitlib.runs.folder import Run, load_run
from digitlib.runs.study_files import has_part, read_answers
from digitlib.ui.collection import load_drawing_probabilities
from digitlib.ui.digit_sets import DigitSet, load_digit_set
from digitlib.ui.loaders import load_models, load_probabilities, load_recogniser


class EmptySetError(DigitLabError):
    """There are no digits in a set."""


class UnreadError(DigitLabError):
    """A model has not read the training digits yet.

    Attributes:
        run_id: of the model.
    """

    def __init__(self, run_id: str):
        super().__init__(f"{run_id} has not read the training digits yet.")
        self.run_id = run_id


@dataclass(frozen=True, eq=False)
class Reader:
    """Who has read the digits.

    Attributes:
        digits: the set.
        model: the run.
        epoch: after how many epochs; None for the end.
        second: the run to compare with, if any.
    """

    digits: DigitSet
    model: str
    epoch: int | None = None
    second: str | None = None

    @property
    def name(self) -> str:
        """What the model is called, such as ``champion after epoch 2``."""
        return self.model if self.epoch is None else f"{self.model} after epoch {self.epoch}"


def load_evaluation(run_id: str, digits: DigitSet, epoch: int | None = None) -> Evaluation:
    """Return how a run's model reads a set of digits.

    Args:
        run_id: the run.
        digits: the set.
        epoch: of the test digits, what was read after so many epochs; None for the end.

    Raises:
        EmptySetError: there are none.
        UnreadError: it has not read the training digits, which are among these.
        DigitLabError: the run or its answers are missing or damaged.
    """
    if not len(digits):
        raise EmptySetError("There are no drawings yet. Draw a digit, and tell what it is.")
    version = _version(load_run(run_id))
    if digits.key == "all":
        return _load_large_evaluation(run_id, version, digits)
    names = "".join(digits.drawings.names) if digits.drawings is not None else ""
    return _load_evaluation(run_id, version, digits.key, names, epoch, digits)


def load_answer(run_id: str, digits: DigitSet, place: int, epoch: int | None) -> np.ndarray:
    """Return a run's answer to a single digit, float32 (10,).

    Raises:
        DigitLabError: as ``load_evaluation``.
    """
    return _find_answers(load_run(run_id), digits, epoch)[place]


def load_test_answers(run_id: str, epoch: int | None = None) -> np.ndarray:
    """Return a run's answers to the test digits, float32 (10000, 10).

    Args:
        run_id: the run.
        epoch: after how many epochs; None for the end.

    Raises:
        DigitLabError: the run or its answers are missing or damaged.
    """
    if epoch is None:
        return load_probabilities(run_id)
    answers = read_epoch_answers(load_run(run_id), epoch)
    if answers is None:
        raise ModelError(f"What {run_id} read after epoch {epoch} is gone or damaged.")
    return answers


def load_epochs(run_id: str) -> list[int]:
    """Return the epochs of a run whose answers to the test digits are kept.

    Raises:
        DigitLabError: the run is missing or damaged.
    """
    return list_answered_epochs(load_run(run_id))


def load_history(run_id: str, place: int) -> np.ndarray:
    """Return what was answered to a test digit after each epoch, float32 (epochs, 10).

    The rows are those of ``load_epochs``; answers that are damaged are not a number.

    Raises:
        DigitLabError: the run is missing or damaged.
    """
    run = load_run(run_id)
    return _load_history(run_id, _version(run), tuple(list_answered_epochs(run)), place)


def has_disagreement(digits: DigitSet) -> bool:
    """Whether two models or more have answers to a set of digits at hand.

    Drawings would have to be read by every one of them: they are left out.
    """
    return len(_find_committee(digits.key)) > 1


def load_disagreement(digits: DigitSet) -> np.ndarray:
    """Return how much all models whose answers are at hand disagree, float64 (n,), in nats."""
    return _load_disagreement(_find_committee(digits.key), digits.key, len(digits))


def _find_answers(run: Run, digits: DigitSet, epoch: int | None) -> np.ndarray:
    """Return a run's answers to a set of digits, float32 (n, 10)."""
    if digits.key == "test":
        return load_test_answers(run.id, epoch)
    if digits.key == "drawings":
        return load_drawing_probabilities(run.id, digits.drawings)
    if digits.key == "validation":
        return _load_validation_answers(run.id, _version(run), digits)
    training = read_answers(run, "training")
    if training is None:
        raise UnreadError(run.id)
    validation, test = load_digit_set("validation"), load_digit_set("test")
    parts = [training, _find_answers(run, validation, None), _find_answers(run, test, None)]
    return np.concatenate(parts)


@st.cache_resource(max_entries=12, show_spinner="Reading the validation digits")
def _load_validation_answers(run_id: str, version: float, _digits: DigitSet) -> np.ndarray:
    answers = read_answers(load_run(run_id), "validation")
    if answers is not None:
        return answers
    return load_recogniser(run_id).read(_digits.parts["Validation digit"].images)


@st.cache_resource(max_entries=16, show_spinner=False)
def _load_evaluation(
    run_id: str, version: float, key: str, names: str, epoch: int | None, _digits: DigitSet
) -> Evaluation:
    return measure(_find_answers(load_run(run_id), _digits, epoch), _digits.labels)


# Those of two models that are compared, and no more: it takes a moment to measure 70,000 answers.
@st.cache_resource(max_entries=2, show_spinner=False)
def _load_large_evaluation(run_id: str, version: float, _digits: DigitSet) -> Evaluation:
    return measure(_find_answers(load_run(run_id), _digits, None), _digits.labels)


@st.cache_resource(max_entries=64, show_spinner=False)
def _load_history(run_id: str, version: float, epochs: tuple[int, ...], place: int) -> np.ndarray:
    run, history = load_run(run_id), np.full((len(epochs), 10), np.nan, np.float32)
    for row, epoch in enumerate(epochs):
        answers = read_epoch_answers(run, epoch)
        if answers is not None:
            history[row] = answers[place]
    return history


@st.cache_resource(ttl=10, max_entries=8, show_spinner=False)
def _find_committee(key: str) -> tuple[tuple[str, float], ...]:
    """Return the models whose answers to a set are at hand, and what changes when these do."""
    needed = {"test": (), "validation": ("validation",), "all": ("validation", "training")}
    if key not in needed:
        return ()
    runs = [run for run in load_models().runs if all(has_part(run, part) for part in needed[key])]
    return tuple((run.id, _version(run)) for run in runs)


@st.cache_resource(max_entries=4, show_spinner="Asking all models")
def _load_disagreement(
    committee: tuple[tuple[str, float], ...], key: str, count: int
) -> np.ndarray:
    def fetch_all() -> Iterator[np.ndarray]:
        for run_id, _ in committee:
            # One that is damaged or was deleted a moment ago has no say.
            with suppress(DigitLabError):
                yield _fetch_answers(load_run(run_id), key)

    try:
        return measure_disagreement(fetch_all())
    except ValueError:  # nobody is left
        return np.zeros(count)


def _fetch_answers(run: Run, key: str) -> np.ndarray:
    """Return what is kept of a run's answers, without keeping it in memory for others."""
    if key == "test":
        return run.read_test_probabilities()
    answers = {name: read_answers(run, name) for name in ("training", "validation")}
    if answers["validation"] is None or (key == "all" and answers["training"] is None):
        raise UnreadError(run.id)
    if key == "validation":
        return answers["validation"]
    return np.concatenate([*answers.values(), run.read_test_probabilities()])


def _version(run: Run) -> float:
    """Return what changes when a run's model does: a run of the same name may be made anew."""
    return read_time_of_change(run.model_file)
