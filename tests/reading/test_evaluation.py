import json

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from digitlib.data import load_mnist
from digitlib.data.label_errors import CORRECTIONS
from digitlib.reading.evaluation import (
    find_corrected_accuracy,
    find_losses,
    measure,
)
from digitlib.reading.statistics import Accuracy
from digitlib.runs.folder import MODELS_FOLDER, list_shipped, read_run


def sure_of(answers: list[int]) -> np.ndarray:
    """Probabilities of a model that gives each answer 0.91."""
    return (np.full((len(answers), 10), 0.01) + 0.9 * np.eye(10)[answers]).astype(np.float32)


def random_answers() -> tuple[np.ndarray, np.ndarray]:
    """Answers a little better than chance, from a softmax of noise."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, 1_000).astype(np.uint8)
    logits = generator.normal(size=(1_000, 10)) + 1.5 * np.eye(10)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return probabilities.astype(np.float32), labels


def shipped_answers() -> tuple[np.ndarray, np.ndarray]:
    return read_run(MODELS_FOLDER / "dense").read_test_probabilities(), load_mnist("test").labels


def never_a_five() -> tuple[np.ndarray, np.ndarray]:
    """The 5 is never answered and the 9 never asked."""
    return sure_of([0, 1, 2, 3, 4, 6, 6, 7, 8, 9]), np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 8])


def all_right() -> tuple[np.ndarray, np.ndarray]:
    return sure_of(list(range(10))), np.arange(10)


def all_wrong() -> tuple[np.ndarray, np.ndarray]:
    return sure_of([1] * 10), np.zeros(10, int)


def a_single_digit() -> tuple[np.ndarray, np.ndarray]:
    return sure_of([3]), np.array([3])


CASES = [random_answers, shipped_answers, never_a_five, all_right, all_wrong, a_single_digit]


@pytest.mark.parametrize("case", CASES)
def test_the_numbers_are_scikit_learns(case):
    probabilities, labels = case()
    answers, digits = probabilities.argmax(axis=1), range(10)

    evaluation = measure(probabilities, labels.astype(np.uint8))

    assert evaluation.count == len(labels)
    assert evaluation.accuracy == pytest.approx(metrics.accuracy_score(labels, answers))
    exact = probabilities.astype(float)
    exact /= exact.sum(axis=1, keepdims=True)  # scikit-learn insists on it
    loss = metrics.log_loss(labels, exact, labels=digits)
    assert evaluation.loss == pytest.approx(loss, rel=1e-4)
    confusion = metrics.confusion_matrix(labels, answers, labels=digits)
    assert np.array_equal(evaluation.confusion, confusion)
    scores = metrics.precision_recall_fscore_support(
        labels, answers, labels=digits, zero_division=0
    )
    for name, expected in zip(("precision", "recall", "f1", "count"), scores, strict=True):
        assert evaluation.per_digit[name].tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize("case", CASES)
def test_the_mistakes_are_what_was_misread(case):
    probabilities, labels = case()
    answers = probabilities.argmax(axis=1)

    mistakes = measure(probabilities, labels.astype(np.uint8)).mistakes

    assert mistakes["index"].tolist() == np.flatnonzero(answers != labels).tolist()
    for row in mistakes.itertuples():
        assert row.truth == labels[row.index]
        assert row.answer == answers[row.index]
        assert row.confidence == pytest.approx(probabilities[row.index].max())
        assert row.loss == pytest.approx(-np.log(probabilities[row.index, row.truth]))


def test_a_sure_mistake_has_a_finite_loss():
    probabilities = np.eye(10, dtype=np.float32)[[1]]

    # 1e-7 is Keras's own bound (keras.config.epsilon).
    assert find_losses(probabilities, np.array([0])) == pytest.approx([-np.log(1e-7)])
    assert find_losses(probabilities, np.array([1])) == pytest.approx([0])
    assert not np.signbit(find_losses(probabilities, np.array([1])))


def test_answers_and_labels_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"expected probabilities \(3, 10\), got \(2, 10\)"):
        measure(sure_of([1, 2]), np.array([1, 2, 3]))


@pytest.mark.parametrize("case", CASES)
def test_the_accuracy_is_counted(case):
    probabilities, labels = case()

    evaluation = measure(probabilities, labels.astype(np.uint8))

    right = int(metrics.accuracy_score(labels, probabilities.argmax(axis=1), normalize=False))
    assert evaluation.counted == Accuracy(right, len(labels))
    assert evaluation.counted.share == pytest.approx(evaluation.accuracy)
    interval = stats.binomtest(right, len(labels)).proportion_ci(method="wilson")
    assert evaluation.summary()["interval"] == pytest.approx(list(interval))


def test_an_old_summary_gives_its_interval():
    # As runs were written that had a margin to both sides.
    old = {"count": 10_000, "accuracy": 0.9919, "margin": 0.00175, "mistakes": 81, "loss": 0.023}

    assert str(Accuracy.from_summary(old)) == "99.19% (98.99–99.35%)"


def test_corrected_labels_count(test_digits):
    perfect = np.eye(10, dtype=np.float32)[test_digits.labels]
    evaluation = measure(perfect, test_digits.labels)
    assert find_corrected_accuracy(evaluation) == Accuracy(9985, 9995)
    for place, label in CORRECTIONS.items():
        perfect[place] = np.eye(10)[0 if label is None else label]
    evaluation = measure(perfect, test_digits.labels)
    assert find_corrected_accuracy(evaluation) == Accuracy(9995, 9995)


def test_the_summary_can_be_written_as_json():
    evaluation = measure(*random_answers())

    summary = json.loads(json.dumps(evaluation.summary()))

    assert summary["count"] == 1_000
    assert summary["accuracy"] == evaluation.accuracy
    assert summary["mistakes"] == len(evaluation.mistakes)
    assert summary["confusion"] == evaluation.confusion.tolist()
    assert [row["digit"] for row in summary["per_digit"]] == list(range(10))


def test_the_shipped_metrics_are_measured_from_the_shipped_answers():
    for run in list_shipped().runs:
        evaluation = measure(run.read_test_probabilities(), load_mnist("test").labels)
        assert run.metrics["test"]["accuracy"] == evaluation.accuracy
        assert run.metrics["test"]["loss"] == pytest.approx(evaluation.loss)
        assert run.metrics["test"]["confusion"] == evaluation.confusion.tolist()
