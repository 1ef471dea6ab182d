"""Training digits that a simulated pen writes, on the same road as a visitor's drawing."""

import numpy as np

from digitlib.data import Digits
from digitlib.data.pen import write_digit
from digitlib.vision import prepare_digit


def write_digits(count: int, seed: int) -> Digits:
    """Return digits that a simulated pen has written, in the form of MNIST.

    Args:
        count: how many; the ten take turns.
        seed: of chance; the same gives the same.

    Returns:
        images uint8 (count, 28, 28), labels uint8 (count,): 0 to 9 and again.
    """
    chance = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.uint8) % 10
    images = np.empty((count, 28, 28), np.uint8)
    for place, label in enumerate(labels):
        images[place] = prepare_digit(write_digit(int(label), chance)).digit
    return Digits(images, labels)
