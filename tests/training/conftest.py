import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from digitlib.data import Digits, load_mnist
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import Run, create_run
from digitlib.runs.lifecycle import carry_out

# Small enough for a second, large enough to learn something from.
BRIEF = TrainingConfig("softmax", epochs=1, batch_size=32, training_digits=500)


@pytest.fixture
def make_run(runs: Path) -> Callable[..., Run]:
    """Make a run of a brief training, of softmax unless another network is named."""

    def make_run(drawings: Digits | None = None, **settings) -> Run:
        return create_run(dataclasses.replace(BRIEF, **settings), drawings=drawings)

    return make_run


@pytest.fixture
def train(make_run) -> Callable[..., Run]:
    """Train briefly: ``train("cnn", epochs=2)``."""

    def train(network: str = "softmax", **settings) -> Run:
        return carry_out(make_run(network=network, **settings))

    return train


@pytest.fixture(scope="session")
def calibrate() -> Callable[[np.ndarray, Run], np.ndarray]:
    """Calibrate the probabilities of Keras by the temperature in a run's folder."""

    def calibrate(probabilities: np.ndarray, run: Run) -> np.ndarray:
        shares = probabilities.astype(float) ** (1 / run.judgement["temperature"])
        return shares / shares.sum(axis=1, keepdims=True)

    return calibrate


@pytest.fixture(scope="session")
def test_input() -> np.ndarray:
    """The first 1,000 test digits as a Keras model takes them, float32 (1000, 28, 28, 1)."""
    return load_mnist("test").images[:1_000, :, :, np.newaxis] / np.float32(255)
