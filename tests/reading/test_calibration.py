import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from statsmodels.stats.proportion import proportion_confint

from digitlib.reading.calibration import find_calibration_error, measure_calibration


@pytest.mark.parametrize(
    ("confidence", "right", "error"),
    [
        ([0.9, 0.9, 0.9, 0.9], [1, 1, 1, 0], 0.15),
        ([1.0, 1.0], [1, 1], 0.0),
        ([1.0, 0.3], [1, 0], 0.15),
        # Too sure in one bin and too unsure in another do not make up for each other.
        ([0.95, 0.55], [0, 1], (0.95 + 0.45) / 2),
    ],
)
def test_the_calibration_error_is_the_gap_between_confidence_and_accuracy(confidence, right, error):
    found = find_calibration_error(np.array(confidence), np.array(right, bool))

    assert found == pytest.approx(error)


@pytest.mark.parametrize("count", [1, 30, 5_000])
def test_the_bins_are_scikit_learns(count):
    generator = np.random.default_rng(count)
    confidence = generator.uniform(0.1, 1, count)
    right = generator.uniform(size=count) < confidence

    bins = measure_calibration(confidence, right)

    accuracy, sureness = calibration_curve(right, confidence, n_bins=15)
    np.testing.assert_allclose(bins["accuracy"], accuracy)
    np.testing.assert_allclose(bins["confidence"], sureness)
    assert bins["count"].sum() == count
    assert ((bins["low"] <= bins["confidence"]) & (bins["confidence"] < bins["high"])).all()
    for row in bins.itertuples():
        expected = proportion_confint(round(row.accuracy * row.count), row.count, method="wilson")
        assert (row.accuracy_low, row.accuracy_high) == pytest.approx(expected)


def test_the_bins_and_the_error_belong_together():
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.1, 1, 1_000)
    right = generator.uniform(size=1_000) < confidence**2  # too sure

    bins = measure_calibration(confidence, right)

    gaps = np.average(abs(bins["confidence"] - bins["accuracy"]), weights=bins["count"])
    assert find_calibration_error(confidence, right) == pytest.approx(gaps)


def test_certain_answers_are_in_the_last_bin():
    bins = measure_calibration(np.array([1.0, 1.0]), np.array([True, False]))

    assert bins[["count", "confidence", "accuracy", "high"]].values.tolist() == [[2, 1, 0.5, 1]]
