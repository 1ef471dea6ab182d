"""The digits: MNIST, which ships with the project."""

from digitlib.data.mnist import (
    MNIST_FILE,
    TEST_DIGITS,
    Digits,
    Split,
    load_labels,
    load_mnist,
    load_splits,
    pick_digits,
    pick_samples,
)

__all__ = [
    "MNIST_FILE",
    "TEST_DIGITS",
    "Digits",
    "Split",
    "load_labels",
    "load_mnist",
    "load_splits",
    "pick_digits",
    "pick_samples",
]
