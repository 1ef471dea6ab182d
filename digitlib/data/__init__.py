"""The digits: MNIST, which ships with the project."""

from digitlib.data.mnist import (
    FILED_DIGITS,
    MNIST_FILE,
    TEST_DIGITS,
    TRAINING_DIGITS,
    Digits,
    Split,
    load_labels,
    load_mnist,
    load_splits,
    load_training_file,
    map_training_digits,
    pick_digits,
    pick_samples,
    read_images,
)

__all__ = [
    "FILED_DIGITS",
    "MNIST_FILE",
    "TEST_DIGITS",
    "TRAINING_DIGITS",
    "Digits",
    "Split",
    "load_labels",
    "load_mnist",
    "load_splits",
    "load_training_file",
    "map_training_digits",
    "pick_digits",
    "pick_samples",
    "read_images",
]
