"""What tests of several rooms need: real digits, the shipped models, a runs folder of their own."""

from pathlib import Path

import pytest

from digitlib.data import Digits, load_mnist
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.folder import MODELS_FOLDER


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that new runs go to."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("DIGITLIB_RUNS", str(folder))
    return folder


@pytest.fixture(scope="session")
def validation() -> Digits:
    return load_mnist("validation")


@pytest.fixture(scope="session")
def test_digits() -> Digits:
    return load_mnist("test")


@pytest.fixture(scope="session")
def cnn() -> Recogniser:
    return Recogniser(MODELS_FOLDER / "cnn" / "model.tflite")
