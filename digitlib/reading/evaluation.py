"""How well a model reads: measured from its probabilities and the truth, nothing read twice."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from digitlib.data.label_errors import correct_labels
from digitlib.reading.calibration import find_calibration_error
from digitlib.reading.statistics import Accuracy


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A model's answers measured against the truth.

    Attributes:
        accuracy: share of digits read right, 0 to 1.
        loss: mean cross-entropy in nats.
        calibration_error: by how much the confidence differs from the accuracy, 0 to 1.
        confusion: int (10, 10); row is the truth, column the answer.
        per_digit: a row per digit, with columns ``digit``, ``count``, ``precision``, ``recall``
            and ``f1`` (0 to 1; 0 where nothing was read as that digit).
        table: a row per digit, in their order, with columns ``index`` (its place among the digits),
            ``truth``, ``answer``, ``second`` (the likeliest other answer), ``confidence``
            (probability of the answer), ``margin`` (by how much it is likelier than the second) and
            ``loss``.
    """

    accuracy: float
    loss: float
    calibration_error: float
    confusion: np.ndarray
    per_digit: pd.DataFrame
    table: pd.DataFrame

    @cached_property
    def mistakes(self) -> pd.DataFrame:
        """The rows of the digits that are misread."""
        return self.table[self.table["answer"] != self.table["truth"]]

    @property
    def count(self) -> int:
        return int(self.confusion.sum())

    @property
    def counted(self) -> Accuracy:
        """The accuracy as counts, with its 95% interval."""
        return Accuracy(int(self.confusion.trace()), self.count)

    def summary(self) -> dict:
        """Return the numbers as plain values, for a JSON file."""
        return {
            "count": self.count,
            "accuracy": self.accuracy,
            "interval": list(self.counted.interval),
            "loss": self.loss,
            "calibration_error": self.calibration_error,
            "mistakes": len(self.mistakes),
            "per_digit": self.per_digit.to_dict("records"),
            "confusion": self.confusion.tolist(),
        }


def measure(probabilities: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Measure answers against the truth.

    Args:
        probabilities: float32 (n, 10), a row per digit.
        labels: uint8 (n,), what each one is.

    Raises:
        ValueError: the two are not of the same length.
    """
    if probabilities.shape != (len(labels), 10):
        raise ValueError(f"expected probabilities ({len(labels)}, 10), got {probabilities.shape}")
    truth = labels.astype(int)
    places, answers = np.arange(len(truth)), probabilities.argmax(axis=1)
    losses = find_losses(probabilities, truth)
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (truth, answers), 1)
    best = probabilities[places, answers]
    others = probabilities.copy()
    others[places, answers] = -1
    second = others.argmax(axis=1)
    # Small types: a server holds such tables of 70,000 digits for many models.
    table = pd.DataFrame(
        {
            "index": places.astype(np.int32),
            "truth": truth.astype(np.int8),
            "answer": answers.astype(np.int8),
            "second": second.astype(np.int8),
            "confidence": best,
            "margin": best - others[places, second],
            "loss": losses.astype(np.float32),
        }
    )
    return Evaluation(
        accuracy=float((answers == truth).mean()),
        loss=float(losses.mean()),
        calibration_error=find_calibration_error(probabilities.max(axis=1), answers == truth),
        confusion=confusion,
        per_digit=_measure_digits(confusion),
        table=table,
    )


def find_corrected_accuracy(evaluation: Evaluation) -> Accuracy:
    """Return how many test digits are read right, as people judge what they are.

    Those on which people do not agree are left out: see ``digitlib.data.label_errors``.

    Args:
        evaluation: of the 10,000 test digits, in their order.
    """
    labels, agreed = correct_labels(evaluation.table["truth"].to_numpy())
    right = evaluation.table["answer"].to_numpy() == labels
    return Accuracy(int(right[agreed].sum()), int(agreed.sum()))


def find_losses(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of each answer, float64 (n,), in nats.

    Probabilities under 1e-7 count as 1e-7, as in Keras, so that one sure mistake stays finite.
    """
    of_truth = probabilities[np.arange(len(labels)), labels].astype(float)
    return np.abs(np.log(np.clip(of_truth, 1e-7, 1.0)))  # not -0.0, where it is sure and right


def _measure_digits(confusion: np.ndarray) -> pd.DataFrame:
    right = confusion.diagonal()
    read_as, are = confusion.sum(axis=0), confusion.sum(axis=1)
    precision = np.divide(right, read_as, out=np.zeros(10), where=read_as > 0)
    recall = np.divide(right, are, out=np.zeros(10), where=are > 0)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros(10), where=both > 0)
    return pd.DataFrame(
        {
            "digit": np.arange(10),
            "count": are,
            "precision": precision,
            "recall": recall,
            "f1": f1,
        }
    )
