"""The digits as a network takes them, loaded once for all runs of a process."""

import functools
import threading

import numpy as np

from digitlib.data import Digits, Split, load_splits
from digitlib.errors import TrainingError
from digitlib.runs.config import TrainingConfig
from digitlib.vision.written import write_digits

_lock = threading.Lock()


def load_digits(split: Split) -> Digits:
    """Return a part of MNIST, loaded by whoever asks first while others wait for it.

    Raises:
        DataError: the file of digits is missing or damaged.
    """
    with _lock:
        return _load()[split]


def collect_digits(
    config: TrainingConfig, drawings: Digits | None = None, mnist: Digits | None = None
) -> Digits:
    """Return the digits that a config trains on: those of MNIST, the written ones, the drawings.

    Args:
        config: of the training.
        drawings: the class's, which take turns in an order of chance until there are
            ``drawn_digits``.
        mnist: those of MNIST; the first ``training_digits`` to train on if left out.

    Raises:
        DataError: the file of digits is missing or damaged.
        TrainingError: there are to be drawings, and there are none.
    """
    if mnist is None:
        mnist = load_digits("training").take(slice(config.training_digits))
    parts = [mnist]
    if config.written_digits:
        parts.append(write_digits(config.written_digits, config.seed))
    if config.drawn_digits:
        if drawings is None:
            raise TrainingError("The drawings to learn from are gone: start a new training.")
        order = np.random.default_rng(config.seed).permutation(len(drawings))
        parts.append(drawings.take(np.resize(order, config.drawn_digits)))
    if len(parts) == 1:
        return parts[0]
    return Digits(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def to_input(digits: Digits) -> tuple[np.ndarray, np.ndarray]:
    """Return digits as a network takes them: float32 (n, 28, 28, 1) from 0 to 1, labels (n,)."""
    pixels = np.divide(digits.images[..., np.newaxis], 255, dtype=np.float32)
    return pixels, digits.labels


def to_truth(digits: Digits, config: TrainingConfig) -> np.ndarray:
    """Return the labels as the loss of a config takes them.

    They are int (n,), or float32 (n, 10) with ones for the truth where it is to be smoothed.
    """
    if config.label_smoothing:
        return np.eye(10, dtype=np.float32)[digits.labels]
    return digits.labels


_load = functools.cache(load_splits)
