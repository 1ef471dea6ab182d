"""Labels as a file to take along: an .npy of whole numbers from 0 to 9.

As drawings do they come from strangers: no more is read than labels of MNIST take, and nothing is
ever unpickled.
"""

import io
from pathlib import Path

import numpy as np

from digitlib.data.mnist import FILED_DIGITS
from digitlib.errors import DataError

MOST_BYTES = 8 * FILED_DIGITS + 1_024  # NumPy's largest whole numbers, and a header


def read_labels(path: Path) -> np.ndarray:
    """Read labels, uint8 (n,), of at most 60,000 digits.

    Raises:
        DataError: there is no such file, or it is damaged or holds something else.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    problem = f"{path.name} must be an .npy of up to {FILED_DIGITS:,} whole numbers from 0 to 9."
    if len(content) > MOST_BYTES:
        raise DataError(problem)
    try:
        labels = np.load(io.BytesIO(content), allow_pickle=False)
        fits = labels.ndim == 1 and 0 < len(labels) <= FILED_DIGITS and labels.dtype.kind in "iu"
        fits = bool(fits and labels.min() >= 0 and labels.max() <= 9)
    except Exception as error:  # a damaged header can fail in any way
        raise DataError(problem) from error
    if not fits:
        raise DataError(problem)
    return labels.astype(np.uint8)


def write_labels(path: Path, labels: np.ndarray) -> None:
    """Write labels, whole numbers (n,), as ``read_labels`` reads them."""
    with path.open("wb") as stream:
        np.save(stream, labels.astype(np.uint8))
