"""Digits and what is none, from the same hands: a network learns by them what to refuse."""

from pathlib import Path

import numpy as np

from digitlib.errors import DataError

OUTSIDERS_FILE = Path(__file__).with_name("outsiders.npz")
ARRAYS = ("digits", "others")


def load_outsiders(path: Path = OUTSIDERS_FILE) -> tuple[np.ndarray, np.ndarray]:
    """Load what ``tools/build_outsiders.py`` has written down, to save each training the minute.

    Returns:
        Digits of a simulated pen, and letters, signs, scribbles, silhouettes and textures; both
        uint8 (n, 28, 28) in the form of MNIST.

    Raises:
        DataError: the file is missing or damaged.
    """
    cure = f"Get the file again: git checkout -- digitlib/data/{path.name}"
    try:
        with np.load(path, allow_pickle=False) as archive:
            digits, others = (archive[name] for name in ARRAYS)
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}. {cure}") from error
    except Exception as error:  # a damaged archive can fail in any way
        raise DataError(f"{path.name} is damaged and cannot be read ({error}). {cure}") from error
    for array in (digits, others):
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[1:] != (28, 28):
            raise DataError(f"{path.name} is damaged: it holds no images. {cure}")
    return digits, others
