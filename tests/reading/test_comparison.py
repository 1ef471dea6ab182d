import numpy as np
import pytest

from digitlib.reading.comparison import Comparison
from digitlib.reading.statistics import Accuracy, ErrorComparison

#                             right  became right  became wrong  wrong
LABELS = np.array([7, 7, 1, 3])
BEFORE = np.array([7, 1, 1, 5])
AFTER = np.array([7, 7, 2, 8])


@pytest.fixture
def comparison() -> Comparison:
    return Comparison(LABELS, BEFORE, AFTER, learnt=np.array([True, True, False, False]))


def test_what_has_changed_is_found(comparison):
    assert comparison.became_right.tolist() == [False, True, False, False]
    assert comparison.became_wrong.tolist() == [False, False, True, False]


def test_right_ones_are_counted_among_some(comparison):
    everything = np.ones(4, bool)
    assert comparison.count_right(everything) == (Accuracy(2, 4), Accuracy(2, 4))
    assert comparison.count_right(comparison.learnt) == (Accuracy(1, 2), Accuracy(2, 2))
    assert comparison.count_right(~comparison.learnt) == (Accuracy(1, 2), Accuracy(0, 2))


def test_errors_are_compared_among_some(comparison):
    assert comparison.compare_errors(np.ones(4, bool)) == ErrorComparison(4, 1, 1, 1, 1.0)
    assert comparison.compare_errors(comparison.learnt) == ErrorComparison(2, 1, 0, 0, 1.0)
    assert comparison.compare_errors(~comparison.learnt) == ErrorComparison(2, 0, 1, 1, 1.0)
