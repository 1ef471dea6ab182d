"""Answers epoch by epoch: what a network reads in the test digits while it learns.

Each epoch is a small file in the run's folder ``answers``, about 140 kB, so that a page can go back
to what was misread then. Nothing is chosen by them.
"""

import io
from pathlib import Path

import numpy as np

from digitlib.runs.files import replacing
from digitlib.runs.folder import Run


def write_epoch_answers(run: Run, epoch: int, probabilities: np.ndarray) -> None:
    """Keep the answers for the test digits after so many epochs.

    Args:
        run: the run.
        epoch: counted from 1.
        probabilities: float32 (10000, 10); kept as float16, so that under 6e-8 is 0.
    """
    folder = run.folder / "answers"
    folder.mkdir(exist_ok=True)
    with replacing(_file(folder, epoch)) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, probabilities=probabilities.astype(np.float16))


def list_answered_epochs(run: Run) -> list[int]:
    """Return the epochs whose answers are kept, the first first."""
    names = (path.stem for path in (run.folder / "answers").glob("*.npz"))
    return sorted(int(name) for name in names if name.isdigit())


def read_epoch_answers(run: Run, epoch: int) -> np.ndarray | None:
    """Return the answers after an epoch, float32 (10000, 10); None where they are gone or damaged.

    They are the network's own, without the calibration that ``model.tflite`` has in the end.
    """
    path = _file(run.folder / "answers", epoch)
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            probabilities = arrays["probabilities"].astype(np.float32)
    except Exception:  # a damaged archive can fail in any way
        return None
    whole = probabilities.shape == (10_000, 10) and np.isfinite(probabilities).all()
    return probabilities if whole else None


def drop_answers_after(run: Run, epoch: int) -> None:
    """Delete the answers after epochs that are to be learnt anew."""
    for later in list_answered_epochs(run):
        if later > epoch:
            _file(run.folder / "answers", later).unlink()


def _file(folder: Path, epoch: int) -> Path:
    return folder / f"{epoch:03d}.npz"
