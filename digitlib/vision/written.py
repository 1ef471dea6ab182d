"""What a simulated pen writes, and what is no digit, on the same road as a visitor's drawing."""

from collections.abc import Callable

import cv2
import numpy as np

from digitlib.data import Digits
from digitlib.data.others import LETTERS_AND_SIGNS, Shapes, write_other
from digitlib.data.pen import write_digit
from digitlib.data.solids import make_solid
from digitlib.errors import EmptyPictureError
from digitlib.vision import prepare_digit
from digitlib.vision.form import SIZE

SMALL = 0.3  # the share of digits that come in a small picture,
SMALLEST, LARGEST = 24, 56  # so many pixels along each side


def write_digits(count: int, seed: int) -> Digits:
    """Return digits that a simulated pen has written, 0 to 9 in turn, in the form of MNIST.

    Some come from a small picture, whose lines are soft when the digit has its size in the end.

    Args:
        count: how many.
        seed: of chance; the same gives the same.

    Returns:
        images uint8 (count, 28, 28), labels uint8 (count,).
    """
    chance = np.random.default_rng(seed)
    labels = np.resize(np.arange(10, dtype=np.uint8), count)
    images = np.empty((count, 28, 28), np.uint8)
    for place, label in enumerate(labels):
        page = write_digit(int(label), chance)
        if chance.random() < SMALL:
            page = _shrink(page, int(chance.integers(SMALLEST, LARGEST)))
        images[place] = prepare_digit(page).digit
    return Digits(images, labels)


def write_others(count: int, seed: int, shapes: Shapes = LETTERS_AND_SIGNS) -> np.ndarray:
    """Return what is no digit, in the form that a picture of it would have.

    Of each ten, six are written or scribbled; of the four that are solid, two come as they are,
    filling the field of 28x28 as clothes do in Fashion-MNIST.

    Args:
        count: how many.
        seed: of chance; the same gives the same.
        shapes: of the letters and signs among them.

    Returns:
        uint8 (count, 28, 28).
    """
    chance = np.random.default_rng(seed)
    kinds: tuple[Callable[[], np.ndarray], ...] = (
        *[lambda: _prepare(lambda: write_other(chance, shapes))] * 6,
        *[lambda: _prepare(lambda: make_solid(chance))] * 2,
        *[lambda: _shrink(make_solid(chance))] * 2,
    )
    return np.stack([kinds[place % len(kinds)]() for place in range(count)])


def _prepare(make: Callable[[], np.ndarray]) -> np.ndarray:
    """Bring something to MNIST's form; another one, where the first has no ink."""
    while True:
        try:
            return prepare_digit(make()).digit
        except EmptyPictureError:
            continue


def _shrink(page: np.ndarray, side: int = SIZE) -> np.ndarray:
    return cv2.resize(page, (side, side), interpolation=cv2.INTER_AREA)
