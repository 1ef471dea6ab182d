"""The nearest digits, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from digitlib.reading.neighbours import find_neighbours

LABELS = np.tile(np.arange(10, dtype=np.uint8), 900)


@pytest.fixture(scope="module")
def training() -> np.ndarray:
    """Features with the many zeros of a rectified layer, as they are kept."""
    features = np.random.default_rng(7).normal(size=(len(LABELS), 16)).clip(0)
    return features.astype(np.float16)


@pytest.mark.parametrize("classes", [[4], [9, 4], list(range(10))])
def test_they_are_those_of_scikit_learn(training, classes):
    digit = np.random.default_rng(8).normal(size=16).clip(0).astype(np.float32)

    found = find_neighbours(digit, training, LABELS, classes, 8)

    assert len(found) == len(classes)
    for each, number in zip(found, classes, strict=True):
        of_class = np.flatnonzero(number == LABELS)
        oracle = NearestNeighbors(n_neighbors=8, metric="cosine")
        oracle.fit(training[of_class].astype(np.float32))
        distances, places = oracle.kneighbors(digit[np.newaxis])
        np.testing.assert_array_equal(each.places, of_class[places[0]])
        np.testing.assert_allclose(each.likeness, 1 - distances[0], atol=1e-5)


def test_a_digit_is_nearest_to_itself(training):
    [found] = find_neighbours(training[4321].astype(np.float32), training, LABELS, [1], 3)

    assert found.places[0] == 4321
    assert found.likeness[0] == pytest.approx(1, abs=1e-6)
    assert (np.diff(found.likeness) <= 0).all()


def test_there_may_be_fewer_than_asked_for_or_none(training):
    few = find_neighbours(training[0].astype(np.float32), training[:25], LABELS[:25], [3, 7], 8)

    assert [len(each.places) for each in few] == [3, 2]


def test_what_has_no_direction_is_like_nothing(training):
    [found] = find_neighbours(np.zeros(16, np.float32), training, LABELS, [2], 5)

    np.testing.assert_array_equal(found.likeness, 0)
