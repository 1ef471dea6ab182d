"""Compute what is kept of a model: its answers, what its last layer weighs, its map.

The web process shows it and computes none of it: see ``digitlib.runs.study``.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
from filelock import FileLock, Timeout

from digitlib.data import Split, load_mnist
from digitlib.reading.embedding import embed
from digitlib.reading.features import FeatureReader, find_axes
from digitlib.reading.recogniser import read_model_file
from digitlib.runs.folder import Run, runs_folder
from digitlib.runs.study import StudyState, explain_failure, study_lock, write_state
from digitlib.runs.study_files import (
    MOST_FEATURES,
    PARTS,
    fingerprint_content,
    is_whole,
    study_folder,
    write_part,
)

CHUNK = 1_000  # digits read at a time
FITTED = 10_000  # training digits that a projection is fitted to
HOLD_SECONDS = 2.0  # longer than anybody else looks whether the lock is held
TELL_SECONDS = 0.5
READING = {
    "training": "Reading the training digits",
    "validation": "Reading the validation digits",
    "test": "Reading the test digits",
}
LAYING_OUT = "Laying out the map"
WAITING = "Waiting for another model"

Tell = Callable[[str, float], None]


def make_study(run: Run, on_step: Tell = lambda step, share: None) -> bool:
    """Compute and keep what is missing of a model's study, and write down how it goes.

    One study is made at a time for a folder of runs; others wait.

    Args:
        run: the run; its folder is written.
        on_step: called now and then with what is done just now and its share, 0 to 1.

    Returns:
        Whether it was made here; False if another process is at it.

    Raises:
        ModelError: the model file is missing or damaged.
        OSError: the run folder cannot be written.
    """
    study_folder(run).mkdir(exist_ok=True)
    try:
        with study_lock(run, HOLD_SECONDS):
            _drop_torn_files(run)
            try:
                _compute_missing(run, _Teller(run, on_step))
                write_state(run, StudyState("done"))
            except Exception as error:
                with suppress(OSError):  # where nothing can be written, who looks finds out why
                    write_state(run, StudyState("failed", message=explain_failure(error)))
                raise
    except Timeout:
        return False
    return True


def _drop_torn_files(run: Run) -> None:
    """Delete what a process that was killed has left half written."""
    for path in study_folder(run).glob(".*"):
        path.unlink(missing_ok=True)


class _Teller:
    """Tells how far a study has come, to the run folder and to whoever listens."""

    def __init__(self, run: Run, on_step: Tell):
        self._run, self._on_step = run, on_step
        self._step, self._told = "", 0.0

    def __call__(self, step: str, share: float) -> None:
        self._on_step(step, share)
        if step != self._step or time.monotonic() - self._told > TELL_SECONDS:
            write_state(self._run, StudyState("running", step, share))
            self._step, self._told = step, time.monotonic()


def _compute_missing(run: Run, tell: Tell) -> None:
    tell(WAITING, 0.0)
    with _take_turns():
        missing = [part for part in PARTS if not is_whole(run, part)]
        if not missing:
            return
        content = read_model_file(run.model_file)
        reader, model = FeatureReader(content, run.id), fingerprint_content(content)
        if "validation" in missing:
            answers, _ = _read(reader, "validation", tell)
            write_part(run, "validation", model, answers=answers.astype(np.float16))
        if "training" in missing or "features" in missing:
            _read_training(run, reader, model, tell)
        if "map" in missing:
            _, features = _read(reader, "test", tell)
            tell(LAYING_OUT, 0.0)
            places = embed(features, lambda share: tell(LAYING_OUT, share))
            write_part(run, "map", model, places=places.astype(np.float16))


def _read_training(run: Run, reader: FeatureReader, model: str, tell: Tell) -> None:
    """Read the training digits, of which answers and features are kept."""
    images = load_mnist("training").images
    axes = _choose_axes(reader, images[:FITTED])
    answers = np.empty((len(images), 10), np.float16)
    points = np.empty((len(images), axes.shape[1]), np.float16)
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        answers[part], features = reader.read(images[part])
        points[part] = features @ axes
        tell(READING["training"], part.stop / len(images))
    write_part(run, "training", model, answers=answers)
    write_part(run, "features", model, points=points, axes=axes)


def _choose_axes(reader: FeatureReader, images: np.ndarray) -> np.ndarray:
    """Return the axes of a projection, float32 (w, d), which leaves few features as they are."""
    _, features = reader.read(images[:CHUNK])
    width = features.shape[1]
    if width <= MOST_FEATURES:
        return np.eye(width, dtype=np.float32)
    _, features = reader.read(images)
    return find_axes(features, MOST_FEATURES)


def _read(reader: FeatureReader, split: Split, tell: Tell) -> tuple[np.ndarray, np.ndarray]:
    """Return the answers and the features of a part of MNIST."""
    images, parts = load_mnist(split).images, []
    for start in range(0, len(images), CHUNK):
        parts.append(reader.read(images[start : start + CHUNK]))
        tell(READING[split], (start + CHUNK) / len(images))
    answers, features = (np.concatenate(each) for each in zip(*parts, strict=True))
    return answers, features


@contextmanager
def _take_turns() -> Iterator[None]:
    """Wait until no other study is made for this folder of runs."""
    lock = FileLock(runs_folder() / ".study.lock")
    try:
        runs_folder().mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (OSError, NotImplementedError):  # runs are made nowhere, so nobody is to be waited for
        yield
        return
    try:
        yield
    finally:
        lock.release()
