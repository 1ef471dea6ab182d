"""What comes of a cross-validated run: an answer for every digit, and the labels it doubts.

The digits are those of MNIST's training file, or its first ones, in its own order. While the run
lasts, each fold that is whole lies in ``folds/``, so that another process can go on after it.
"""

import io
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from digitlib.data import FILED_DIGITS
from digitlib.data.labels import read_labels
from digitlib.errors import DataError, RunError
from digitlib.runs.files import replacing
from digitlib.runs.folder import Run

SUSPECT_COLUMNS = ("place", "label", "suggested", "quality", "counted")
MOST_SUSPECTS = 2_000
MOST_BYTES = 64 * (MOST_SUSPECTS + 1)  # of suspects.csv
CURE = "Run the cross-validation again, or delete"


def write_fold(run: Run, fold: int, probabilities: np.ndarray) -> None:
    """Keep the answers for a fold, counted from 0: (n, 10), kept as float16."""
    run.folds_folder.mkdir(exist_ok=True)
    _write_probabilities(_fold_file(run, fold), probabilities)


def read_fold(run: Run, fold: int, count: int) -> np.ndarray | None:
    """Return the answers for a fold of so many digits, float16 (count, 10).

    None where there are none yet, or they are damaged and have to be made again.
    """
    return _read_probabilities(_fold_file(run, fold), count)


def drop_folds(run: Run) -> None:
    """Delete what is kept of single folds."""
    shutil.rmtree(run.folds_folder, ignore_errors=True)


def write_training_probabilities(run: Run, probabilities: np.ndarray) -> None:
    """Write the out-of-sample answers for all digits, (n, 10), kept as float16, in one piece."""
    _write_probabilities(run.training_probabilities_file, probabilities)


def read_training_probabilities(run: Run) -> np.ndarray:
    """Return the out-of-sample answers for all digits, float16 (n, 10).

    Raises:
        RunError: the file is missing or damaged.
    """
    count = run.config.cross_validated_digits
    probabilities = _read_probabilities(run.training_probabilities_file, count)
    if probabilities is None:
        raise RunError(f"{run.id} has lost its answers. {CURE} {run.folder}.")
    return probabilities


def write_suspects(run: Run, suspects: pd.DataFrame) -> None:
    """Write the suspected label errors, the worst first, with ``SUSPECT_COLUMNS``."""
    with replacing(run.suspects_file) as temporary:
        suspects.to_csv(
            temporary,
            columns=list(SUSPECT_COLUMNS),
            index=False,
            float_format="%.6g",
            lineterminator="\n",
        )


def read_suspects(run: Run) -> pd.DataFrame:
    """Return the suspected label errors of a run, the worst first, at most ``MOST_SUSPECTS``.

    The columns are those of ``digitlib.reading.suspects.find_suspects``; the place is that in
    MNIST's training file, from 0.

    Raises:
        RunError: the run has none, as it is no whole cross-validation, or its file is damaged.
    """
    if not is_whole(run):
        raise RunError(
            f"{run.id} has no list of suspects: only a cross-validation that came to its end has "
            "one. Make one: python -m digitlib train --network fast --folds 5"
        )
    try:
        with run.suspects_file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        suspects = pd.read_csv(io.BytesIO(content))
        whole = len(content) <= MOST_BYTES and _check_suspects(suspects, run)
    except Exception:  # a damaged table can fail in any way
        whole = False
    if not whole:
        raise RunError(f"The list of suspects of {run.id} is damaged. {CURE} {run.folder}.")
    return suspects


def read_own_labels(run: Run) -> np.ndarray | None:
    """Return the labels that a run is to doubt instead of MNIST's, uint8 (n,); None if there are
    none.

    Raises:
        RunError: their file is damaged.
    """
    if not run.labels_file.exists():
        return None
    try:
        labels = read_labels(run.labels_file)
    except DataError as error:
        raise RunError(f"The labels of {run.id} cannot be read. {error}") from error
    if len(labels) != run.config.cross_validated_digits:
        raise RunError(f"The labels of {run.id} are not as many as its digits: start a new run.")
    return labels


def is_whole(run: Run) -> bool:
    """Whether a run is a cross-validation that came to its end."""
    return "out_of_sample" in run.metrics and run.suspects_file.exists()


def find_check(runs: Iterable[Run]) -> Run | None:
    """Return the first of some runs that is a whole cross-validation of MNIST's own labels."""
    return next(
        (
            run
            for run in runs
            if run.status.state == "done" and is_whole(run) and not run.labels_file.exists()
        ),
        None,
    )


def describe_check(run: Run) -> str:
    """Return in half a sentence what a whole cross-validation found."""
    found, count = run.metrics["out_of_sample"], run.metrics["out_of_sample"]["count"]
    return (
        f"{found['accuracy']:.2%} of {count:,} digits are read as labelled by networks that have "
        f"not learnt from them; {run.metrics['counted']:,} labels look wrong"
    )


def _check_suspects(suspects: pd.DataFrame, run: Run) -> bool:
    """Whether a table can be one of suspects: whole numbers in reach, no digit twice."""
    numbers = suspects[["place", "label", "suggested", "counted"]]
    return (
        tuple(suspects.columns) == SUSPECT_COLUMNS
        and len(suspects) <= MOST_SUSPECTS
        and (suspects.empty or all(kind.kind == "i" for kind in numbers.dtypes))
        and bool(suspects["quality"].between(0, 1).all())
        and bool(numbers["place"].between(0, run.config.cross_validated_digits - 1).all())
        and bool(numbers[["label", "suggested"]].isin(range(10)).all(axis=None))
        and bool(numbers["counted"].isin((0, 1)).all())
        and not suspects["place"].duplicated().any()
    )


def _fold_file(run: Run, fold: int) -> Path:
    return run.folds_folder / f"{fold:02d}.npz"


def _write_probabilities(path: Path, probabilities: np.ndarray) -> None:
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, probabilities=probabilities.astype(np.float16))


def _read_probabilities(path: Path, count: int) -> np.ndarray | None:
    if count > FILED_DIGITS:
        return None
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            probabilities = arrays["probabilities"]
    except Exception:  # a damaged archive can fail in any way
        return None
    whole = probabilities.shape == (count, 10) and probabilities.dtype == np.float16
    return probabilities if whole and np.isfinite(probabilities).all() else None
