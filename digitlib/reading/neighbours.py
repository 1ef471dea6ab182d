"""Which training digits are most alike to a digit, as the network's own last layer has it.

Two digits are the more alike, the smaller the angle between what the layer weighs of them: for the
ten answers it counts in which direction that points far more than how long it is. By it, five
nearest neighbours read the test digits a little better than by the distance (99.25% against 99.21%
with ``cnn``, 97.88% against 97.78% with ``dense``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CHUNK = 4_096  # training digits compared at a time, for the sake of memory


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The training digits of one class that are most alike to a digit, the most alike first.

    Attributes:
        places: int (n,), among the training digits.
        likeness: float32 (n,), the cosine of the angle: 1 is the same to the layer, 0 has nothing
            in common.
    """

    places: np.ndarray
    likeness: np.ndarray


def find_neighbours(
    features: np.ndarray,
    training: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[int],
    count: int,
) -> list[Neighbours]:
    """Find the training digits of some classes that are most alike to a digit.

    Args:
        features: of the digit, float32 (d,).
        training: of the training digits, float16 or float32 (n, d).
        labels: what the training digits are, uint8 (n,).
        classes: 0 to 9.
        count: how many of each class, or all if there are fewer.

    Returns:
        One for each of the classes.

    Example: to (1, 0) the first of (2, 0), (1, 1) and (0, 1) is alike by 1, the second by 0.71.
    """
    likeness = np.empty(len(training), np.float32)
    for start in range(0, len(training), CHUNK):
        part = training[start : start + CHUNK].astype(np.float32)
        lengths = np.linalg.norm(part, axis=1) * np.linalg.norm(features)
        likeness[start : start + CHUNK] = part @ features / np.maximum(lengths, 1e-12)
    return [_pick_best(likeness, np.flatnonzero(labels == each), count) for each in classes]


def _pick_best(likeness: np.ndarray, places: np.ndarray, count: int) -> Neighbours:
    best = places[np.argsort(-likeness[places], kind="stable")[:count]]
    return Neighbours(best, np.clip(likeness[best], -1, 1))
