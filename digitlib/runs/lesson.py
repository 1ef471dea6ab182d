"""Lessons: what a network learns of the class's drawings, and whom they have been shown."""

from collections.abc import Iterable
from dataclasses import replace

from digitlib.data.archives import hash_digit
from digitlib.data.augmentation import GENTLE
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import Run, continue_config
from digitlib.runs.history import find_line

LESSON_EPOCHS = 3
OLD_DIGITS = 5_000  # or it would forget what it knew while it learns
DRAWN_DIGITS = 1_000
LESSON_RATE = 5e-4


def teach_config(run: Run, drawings: int) -> TrainingConfig:
    """Return what to ask for to teach a trained network so many drawings in a few short epochs.

    Each epoch mixes digits of MNIST with the drawings over and over, all changed a little, and the
    steps become small towards the end.

    Raises:
        RunError: it is still trained, or has kept no weights.
    """
    return replace(
        continue_config(run),
        epochs=LESSON_EPOCHS,
        learning_rate=LESSON_RATE,
        schedule="cosine",
        weight_average=0.0,  # in so few steps the mean would remain what it was
        training_digits=OLD_DIGITS,
        written_digits=0,
        drawn_digits=count_repeats(drawings),
        augmentation=run.config.augmentation or GENTLE,
        plain_epochs=1,
    )


def count_repeats(drawings: int) -> int:
    """Return how many drawings an epoch shall hold: each once at least, and enough to matter."""
    return max(DRAWN_DIGITS, drawings)


def find_learnt(run: Run) -> frozenset[str]:
    """Return the names of all drawings that a run, or one that it goes on from, has learnt from.

    Raises:
        RunError: a file of drawings is damaged.
    """
    lessons = [member.read_drawings() for member in find_line(run)]
    return frozenset(
        hash_digit(image) for digits in lessons if digits is not None for image in digits.images
    )


def find_taught(parent: str, runs: Iterable[Run]) -> Run | None:
    """Return the first of some runs that was taught drawings on top of another run, if any was."""
    return next(
        (run for run in runs if run.config.parent == parent and run.config.drawn_digits), None
    )
