import numpy as np
import pytest

from digitlib.reading.suspects import find_suspects

COLUMNS = ["place", "label", "suggested", "quality", "counted"]


def answer(digits: np.ndarray, sureness: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return answers: as sure as given of a digit, the rest for another, a little for all."""
    places = np.arange(len(digits))
    probabilities = np.full((len(digits), 10), 1e-4)
    probabilities[places, digits] += sureness
    probabilities[places, other] += 1 - sureness
    return (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def planted() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Answers for 2,000 digits, their labels, and the places of 40 that are labelled wrong.

    Of 200 others the network is not sure, and half of those it misreads.
    """
    chance = np.random.default_rng(5)
    truth = np.arange(2_000) % 10
    sureness = chance.uniform(0.65, 1, 2_000)
    sureness[:200] = chance.uniform(0.4, 0.6, 200)
    wrong = chance.choice(np.arange(200, 2_000), 40, replace=False)
    labels = truth.copy()
    labels[wrong] = (truth[wrong] + chance.integers(1, 10, 40)) % 10
    return answer(truth, sureness, (truth + 3) % 10), labels, wrong


def test_labels_that_were_changed_come_first(planted):
    probabilities, labels, wrong = planted

    suspects = find_suspects(probabilities, labels, 2_000)

    assert list(suspects.columns) == COLUMNS
    assert np.isin(wrong, suspects["place"][:40]).all()
    assert (suspects["suggested"][:40] == suspects["place"][:40] % 10).all()
    assert (suspects["label"] == labels[suspects["place"]]).all()


def test_what_is_counted_is_counted_as_the_paper_does(planted):
    probabilities, labels, _ = planted
    # Equations 1 and 2: above the threshold of some class, the likeliest of those is another.
    thresholds = [probabilities[labels == digit, digit].mean() for digit in range(10)]
    above = np.where(probabilities >= thresholds, probabilities, 0)
    expected = (above.max(axis=1) > 0) & (above.argmax(axis=1) != labels)

    suspects = find_suspects(probabilities, labels, 2_000)

    counted = suspects["place"][suspects["counted"] == 1]
    assert 0 < len(counted) < 40
    assert set(counted) == set(np.flatnonzero(expected))


def test_suspects_are_those_read_as_something_else_the_least_likely_labels_first(planted):
    probabilities, labels, _ = planted

    suspects = find_suspects(probabilities, labels, 2_000)

    assert set(suspects["place"]) == set(np.flatnonzero(probabilities.argmax(axis=1) != labels))
    np.testing.assert_allclose(
        suspects["quality"],
        probabilities[suspects["place"], suspects["label"]],
        rtol=1e-3,
    )
    assert suspects["quality"].is_monotonic_increasing


def test_no_more_are_returned_than_asked_for(planted):
    probabilities, labels, _ = planted
    everything = find_suspects(probabilities, labels, 2_000)

    few = find_suspects(probabilities, labels, 7)

    assert few.equals(everything.head(7))


def test_labels_that_are_all_read_leave_nobody_suspect():
    labels = np.arange(50) % 10
    probabilities = answer(labels, np.full(50, 0.9), (labels + 1) % 10)

    suspects = find_suspects(probabilities, labels, 100)

    assert suspects.empty
    assert list(suspects.columns) == COLUMNS


@pytest.mark.parametrize("digits", [[1], [4] * 30, [1, 1, 7], list(range(10))])
def test_few_digits_and_missing_classes_are_no_trouble(digits):
    labels = np.array(digits)
    probabilities = answer((labels + 1) % 10, np.full(len(labels), 0.9), labels)

    suspects = find_suspects(probabilities.astype(np.float16), labels.astype(np.uint8), 100)

    assert sorted(suspects["place"]) == list(range(len(labels)))
    assert (suspects["suggested"] == (suspects["label"] + 1) % 10).all()


def test_probabilities_of_zero_and_one_are_no_trouble():
    labels = np.array([0, 1, 2, 3] * 5)
    probabilities = np.eye(10)[labels]
    probabilities[0] = np.eye(10)[7]

    suspects = find_suspects(probabilities, labels, 100)

    assert suspects["place"].tolist() == [0]
    assert suspects["suggested"].tolist() == [7]
    assert 0 < suspects["quality"][0] < 1e-6
