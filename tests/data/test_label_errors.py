import numpy as np

from digitlib.data import load_mnist
from digitlib.data.label_errors import CORRECTIONS, correct_labels


def test_ten_labels_are_corrected_and_five_are_left_open():
    labels = load_mnist("test").labels

    corrected, agreed = correct_labels(labels)

    assert np.flatnonzero(corrected != labels).tolist() == [
        place for place, label in CORRECTIONS.items() if label is not None
    ]
    assert np.flatnonzero(~agreed).tolist() == [2130, 2654, 3520, 8527, 9679]
    assert (corrected[947], labels[947]) == (9, 8)
    assert (corrected != labels).sum() == 10


def test_a_network_agrees_with_the_people(cnn):
    test = load_mnist("test")
    corrected, _ = correct_labels(test.labels)
    changed = np.flatnonzero(corrected != test.labels)

    answers = cnn.read(test.images[changed]).argmax(axis=1)

    assert (answers == corrected[changed]).sum() > (answers == test.labels[changed]).sum()
