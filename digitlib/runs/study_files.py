"""The files of a model's study: what is computed once for a model and kept in its run folder::

    study/
      training.npz validation.npz  answers for these digits, float16 (n, 10)
      features.npz                 what its last layer weighs of the training digits, float16
      map.npz                      the test digits in a plane, float16 (10000, 2)
      state.json                   how far it has come, or why it failed
      lock                         held by the process that computes it

Each file names the ``model.tflite`` it was made with, by its hash: a model that is judged anew has
its study made anew. A damaged file is as good as none.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np

from digitlib.data.mnist import TEST_DIGITS, TRAINING_DIGITS, VALIDATION_DIGITS
from digitlib.runs.files import replacing
from digitlib.runs.folder import Run

MOST_FEATURES = 128  # of what the last layer weighs; more are projected

AnsweredPart = Literal["training", "validation"]
Part = Literal["training", "validation", "features", "map"]
PARTS: tuple[Part, ...] = ("validation", "training", "features", "map")

# What each part holds: names, dtypes and the first length.
_ARRAYS = {
    "training": {"answers": (np.float16, TRAINING_DIGITS)},
    "validation": {"answers": (np.float16, VALIDATION_DIGITS)},
    "features": {
        "points": (np.float16, TRAINING_DIGITS),
        "axes": (np.float32, None),
    },
    "map": {"places": (np.float16, TEST_DIGITS)},
}


@dataclass(frozen=True, eq=False)
class Features:
    """What a network's last layer weighs of the training digits, in their order.

    Attributes:
        points: float16 (55000, d), d at most ``MOST_FEATURES``.
        axes: float32 (w, d), of the projection from the w numbers that the layer weighs: the
            identity where w is at most ``MOST_FEATURES``.
    """

    points: np.ndarray
    axes: np.ndarray

    def project(self, features: np.ndarray) -> np.ndarray:
        """Return where digits lie among the points, float32 (n, d).

        Args:
            features: float32 (n, w), as ``digitlib.reading.layers.Reading`` has them.
        """
        return features @ self.axes


def read_answers(run: Run, part: AnsweredPart) -> np.ndarray | None:
    """Return a model's answers for the training or the validation digits, float32 (n, 10).

    They are in the order of ``load_mnist(part)`` and calibrated, as those for the test digits, but
    were kept as float16, so that under 6e-8 is 0. None where they have not been computed.
    """
    arrays = _read_part(run, part)
    return None if arrays is None else arrays["answers"].astype(np.float32)


def read_map(run: Run) -> np.ndarray | None:
    """Return where the test digits lie on the map of a model, float32 (10000, 2), -1 to 1.

    None where it has not been computed.
    """
    arrays = _read_part(run, "map")
    return None if arrays is None else arrays["places"].astype(np.float32)


def read_features(run: Run) -> Features | None:
    """Return what a model's last layer weighs of the training digits; None if not computed."""
    arrays = _read_part(run, "features")
    return None if arrays is None else Features(**arrays)


def has_part(run: Run, part: Part) -> bool:
    """Whether a part of a model's study has been computed; damage within is not looked for."""
    try:
        with np.load(_file(run, part), allow_pickle=False) as archive:
            return str(archive["model"]) == fingerprint(run)
    except Exception:  # a damaged archive can fail in any way
        return False


def is_whole(run: Run, part: Part) -> bool:
    """Whether a part of a model's study has been computed and is there to the last byte."""
    return _read_part(run, part) is not None


def write_part(run: Run, part: Part, model: str, **arrays: np.ndarray) -> None:
    """Keep a part of a model's study, in one piece.

    Args:
        run: the run.
        part: which one.
        model: the fingerprint of the model file it was made with.
        arrays: ``answers``, ``places``, or those of Features.

    Raises:
        OSError: the run folder cannot be written.
    """
    with replacing(_file(run, part)) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, model=np.array(model), **arrays)


def fingerprint(run: Run) -> str:
    """Return what tells a run's model file from any other; empty if there is none."""
    try:
        status = run.model_file.stat()
        return _hash_file(run.model_file, status.st_mtime_ns, status.st_size)
    except OSError:
        return ""


def fingerprint_content(content: bytes) -> str:
    """Return the fingerprint of a model file with this content."""
    return sha256(content).hexdigest()[:32]


def study_folder(run: Run) -> Path:
    return run.folder / "study"


def _file(run: Run, part: Part) -> Path:
    return study_folder(run) / f"{part}.npz"


@lru_cache(maxsize=64)
def _hash_file(path: Path, changed: int, size: int) -> str:
    return fingerprint_content(path.read_bytes())


def _read_part(run: Run, part: Part) -> dict[str, np.ndarray] | None:
    """Return the arrays of a part; None where it is missing, damaged, or of another model."""
    try:
        content = io.BytesIO(_file(run, part).read_bytes())
        with np.load(content, allow_pickle=False) as archive:
            if str(archive["model"]) != fingerprint(run):
                return None
            arrays = {name: archive[name] for name in _ARRAYS[part]}
    except Exception:  # a damaged archive can fail in any way
        return None
    for name, (dtype, length) in _ARRAYS[part].items():
        array = arrays[name]
        if array.dtype != dtype or (length is not None and len(array) != length):
            return None
        if not np.isfinite(array).all():
            return None
    return arrays if _fits(part, arrays) else None


def _fits(part: Part, arrays: dict[str, np.ndarray]) -> bool:
    shapes = {name: array.shape for name, array in arrays.items()}
    if part == "features":
        points, axes = shapes["points"], shapes["axes"]
        return len(points) == len(axes) == 2 and points[1] == axes[1] <= MOST_FEATURES
    if part == "map":
        return shapes["places"] == (TEST_DIGITS, 2)
    return shapes["answers"][1:] == (10,)
