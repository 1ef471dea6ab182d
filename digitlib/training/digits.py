"""The digits as a network takes them, loaded once for all runs of a process."""

import functools
import threading

import numpy as np

from digitlib.data import Digits, Split, load_splits
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


def collect_digits(config: TrainingConfig) -> Digits:
    """Return the digits that a config trains on: those of MNIST first, then the written ones.

    Raises:
        DataError: the file of digits is missing or damaged.
    """
    digits = load_digits("training").take(slice(config.training_digits))
    if not config.written_digits:
        return digits
    written = write_digits(config.written_digits, config.seed)
    return Digits(
        np.concatenate([digits.images, written.images]),
        np.concatenate([digits.labels, written.labels]),
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
