"""What an answer hangs on: cover the digit place by place and see how sure the network stays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

SIDE = 28
PATCH = 7  # pixels along each side of what is covered: about a third of a digit
STEP = 2
LEAST = 1e-6  # a probability nearer to 0 or 1 than this is as good as certain

# Takes digits, uint8 (n, 28, 28) in MNIST form; gives probabilities, float32 (n, 10).
Reader = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Occlusion:
    """What becomes of an answer while one place after the other is covered with paper.

    Attributes:
        map: float32 (28, 28), -1 to 1: how much covering a pixel speaks against the answer, as a
            share of the most any pixel does. Above 0 the answer needs what is there; below 0 it is
            surer without.
        weakest: the digit with the place covered that the answer misses most, uint8 (28, 28).
        probabilities: what is read then, float32 (10,).
    """

    map: np.ndarray
    weakest: np.ndarray
    probabilities: np.ndarray


def map_occlusion(digit: np.ndarray, answer: int, read: Reader) -> Occlusion:
    """Measure how an answer depends on each place of a digit.

    A square of 7x7 pixels is covered at every second place, and the fall of the answer's log-odds
    noted for each pixel in it; a pixel counts with the mean over the squares that held it.

    Args:
        digit: uint8 (28, 28) in MNIST form.
        answer: of whose probability the fall is measured, 0 to 9.
        read: such as ``Recogniser.read``.

    Source: M. Zeiler and R. Fergus, *Visualizing and Understanding Convolutional Networks* (2013).

    Example: with its bar covered, a 7 that was read by that bar has a map near 1 there.
    """
    return map_occlusions(digit, [answer], read)[0]


def map_occlusions(digit: np.ndarray, answers: Sequence[int], read: Reader) -> list[Occlusion]:
    """Measure as ``map_occlusion`` how several answers depend on a digit, in one reading."""
    covers = _lay_covers()
    covered = np.where(covers, 0, digit).astype(np.uint8)
    probabilities = read(np.concatenate([digit[np.newaxis], covered]))
    return [_map(answer, covers, covered, probabilities) for answer in answers]


def _map(
    answer: int, covers: np.ndarray, covered: np.ndarray, probabilities: np.ndarray
) -> Occlusion:
    odds = _find_log_odds(probabilities[:, answer])
    fall = odds[0] - odds[1:]
    total = np.tensordot(fall, covers, axes=1) / covers.sum(axis=0)
    largest = np.abs(total).max()
    worst = int(fall.argmax())
    return Occlusion(
        (total / largest if largest > 0 else total).astype(np.float32),
        covered[worst],
        probabilities[1 + worst],
    )


def _lay_covers() -> np.ndarray:
    """Return the places to cover, bool (n, 28, 28): squares, cut off at the edges."""
    starts = range(STEP - PATCH, SIDE, STEP)
    covers = np.zeros((len(starts), len(starts), SIDE, SIDE), bool)
    for i, top in enumerate(starts):
        for j, left in enumerate(starts):
            covers[i, j, max(0, top) : top + PATCH, max(0, left) : left + PATCH] = True
    return covers.reshape(-1, SIDE, SIDE)


def _find_log_odds(probabilities: np.ndarray) -> np.ndarray:
    likely = np.clip(probabilities.astype(np.float64), LEAST, 1 - LEAST)
    return np.log(likely / (1 - likely))
