"""A judgement against the oracles of SciPy and scikit-learn."""

import json

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from digitlib.data.outsiders import load_outsiders
from digitlib.reading.judgement import Evidence, Judgement, find_temperature, fit_judgement
from digitlib.reading.layers import LayerReader
from digitlib.reading.recogniser import Recogniser, score_unjudged
from digitlib.runs.folder import MODELS_FOLDER, list_shipped, read_run
from digitlib.vision.written import write_digits, write_others

SHIPPED = [run.id for run in list_shipped().runs]


@pytest.fixture(scope="module")
def made() -> tuple[Evidence, np.ndarray, Evidence, Evidence]:
    """Evidence of digits and others that overlap, and the labels of the first; 12 features."""
    chance = np.random.default_rng(4)

    def invent(count: int, shift: float) -> Evidence:
        features = chance.normal(shift, 1, (count, 12)) * np.linspace(0.1, 30, 12)
        return Evidence(features, chance.normal(0, 2 + shift, (count, 10)))

    validation = invent(900, 0.5)
    labels = np.array([chance.choice(10, p=row) for row in softmax(validation.logits / 3, axis=1)])
    return validation, labels, invent(800, 0.5), invent(500, 0)


def test_the_temperature_makes_the_labels_likeliest(made):
    validation, labels, _, _ = made

    def surprise(temperature: np.ndarray) -> float:
        return log_loss(labels, softmax(validation.logits / temperature[0], axis=1))

    best = minimize(surprise, [1.0], method="Nelder-Mead").x[0]

    assert find_temperature(validation.logits, labels) == pytest.approx(best, rel=1e-3)
    assert best == pytest.approx(3, rel=0.15)  # it was made so


@pytest.mark.parametrize("sure", [1e4, 1e-4])
def test_the_temperature_stays_within_bounds(made, sure):
    validation, labels, _, _ = made

    assert 0.2 <= find_temperature(validation.logits * sure, labels) <= 5


def test_95_of_100_digits_are_kept_by_a_logistic_regression(made):
    validation, labels, digits, others = made

    judgement = fit_judgement(validation, labels, digits, others)

    assert (judgement.score(validation) >= 0).mean() == pytest.approx(0.95, abs=0.002)
    # By another way to the minimum, and with a threshold of its own, the same scores.
    features = np.vstack([digits.features, others.features])
    logits = np.vstack([digits.logits, others.logits])
    values = np.hstack([features, np.sort(logits, axis=1)])
    truth = np.repeat([1, 0], [800, 500])
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    oracle = LogisticRegression(C=0.1, class_weight="balanced", solver="newton-cholesky")
    expected = oracle.fit(values, truth).decision_function(values)
    found = np.concatenate([judgement.score(digits), judgement.score(others)])
    np.testing.assert_allclose(found - found.mean(), expected - expected.mean(), atol=0.02)


def test_a_judgement_survives_its_file(made):
    judgement = fit_judgement(*made)

    again = Judgement.from_dict(json.loads(json.dumps(judgement.to_dict())))

    assert again.temperature == judgement.temperature
    np.testing.assert_array_equal(again.score(made[0]), judgement.score(made[0]))


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": None},
        {"weights": None},
        {"temperature": float("inf")},
        {"weights": ["a"]},
        {"weights": 1.0},
        {"bias": float("nan")},
        {"bias": []},
    ],
)
def test_something_else_is_no_judgement(change):
    content = {"temperature": 1.0, "weights": [0.5] * 12, "bias": 0.1}
    Judgement.from_dict(content)

    with pytest.raises(ValueError, match=r"lacks a number|something else"):
        Judgement.from_dict(content | change)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_scores_of_the_file_are_those_of_the_judgement_beside_it(name, validation):
    run = read_run(MODELS_FOLDER / name)
    digits = validation.images[:120]
    judgement = Judgement.from_dict(run.judgement)

    probabilities, scores = Recogniser(run.model_file).read_scored(digits)

    reading = LayerReader(run.model_file).read(digits)
    logits = reading.logits * judgement.temperature  # the file has them divided by it
    expected = judgement.score(Evidence(reading.features, logits))
    np.testing.assert_allclose(scores, expected, atol=1e-3)
    calibrated = softmax(logits / judgement.temperature, axis=1)
    np.testing.assert_allclose(probabilities, calibrated, atol=1e-5)


@pytest.mark.parametrize(("name", "least"), [("champion", 0.97), ("cnn", 0.97), ("dense", 0.94)])
def test_the_shipped_models_tell_digits_from_others(name, least, test_digits):
    recogniser = Recogniser(MODELS_FOLDER / name / "model.tflite")
    others = write_others(200, seed=5)  # by another hand than those it was fitted with
    hands = write_digits(200, seed=5).images

    digits, of_others, of_hands = (
        recogniser.read_scored(images)[1] for images in (test_digits.images[:1_000], others, hands)
    )

    truth = np.repeat([1, 0], [len(digits), len(of_others)])
    assert roc_auc_score(truth, np.concatenate([digits, of_others])) > least
    assert (digits >= 0).mean() == pytest.approx(0.95, abs=0.025)
    assert (of_hands >= 0).mean() > 0.85
    assert (of_others >= 0).mean() < 0.25


def test_what_ships_to_fit_with_is_what_the_pen_writes():
    # If this fails: python tools/build_outsiders.py
    digits, others = load_outsiders()

    assert (len(digits), len(others)) == (4_000, 4_000)
    for shipped, made in ((digits, write_digits(12, 77).images), (others, write_others(12, 77))):
        difference = np.abs(shipped[:12].astype(int) - made)
        assert difference.mean() < 1  # another OpenCV may round differently


def test_a_model_without_a_judgement_scores_by_its_largest_probability():
    sure, unsure = np.full((2, 10), 0.1, np.float32)
    sure[:] = [0.91, *[0.01] * 9]

    scores = score_unjudged(np.stack([sure, unsure]))

    assert scores[0] > 0 > scores[1]
