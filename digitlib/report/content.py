"""What a report tells, gathered before any of it is written."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from digitlib.card import describe_making
from digitlib.data import Digits
from digitlib.data.label_errors import CORRECTIONS
from digitlib.reading.calibration import measure_calibration
from digitlib.reading.evaluation import Evaluation, find_corrected_accuracy, measure
from digitlib.reading.statistics import Accuracy, ErrorComparison, compare_errors
from digitlib.runs.folder import Run


@dataclass(frozen=True, eq=False)
class Versus:
    """Another model, on the same digits.

    Attributes:
        model: its name.
        evaluation: as of the first.
        errors: what the other fixed and broke, as seen from the first.
    """

    model: str
    evaluation: Evaluation
    errors: ErrorComparison


@dataclass(frozen=True, eq=False)
class Report:
    """All that a report tells.

    Attributes:
        model: its name.
        making: how it was made, as ``digitlib.card.describe_making`` has it.
        digits: that it has read.
        published: whether these are the 10,000 test digits, of which people have judged the labels.
        evaluation: how well it has read them.
        calibration: as ``measure_calibration`` has it.
        versus: the model that it is compared with, if it is.
    """

    model: str
    making: list[tuple[str, str]]
    digits: Digits
    published: bool
    evaluation: Evaluation
    calibration: pd.DataFrame
    versus: Versus | None

    @property
    def corrected(self) -> Accuracy | None:
        """The accuracy by the labels that people have put right; None for other digits."""
        return find_corrected_accuracy(self.evaluation) if self.published else None

    @property
    def judged(self) -> dict[int, int | None]:
        """Places of digits whose label people judge wrong, and what they say, as ``CORRECTIONS``.

        None stands for what they do not agree on.
        """
        return CORRECTIONS if self.published else {}

    def summarise(self) -> dict:
        """Return all numbers as plain values, for a JSON file."""
        content = {"model": self.model, **self.evaluation.summary()}
        if self.corrected:
            content["corrected"] = {
                "count": self.corrected.count,
                "accuracy": self.corrected.share,
                "interval": list(self.corrected.interval),
                "mistakes": self.corrected.count - self.corrected.right,
            }
        content["calibration"] = self.calibration.to_dict("records")
        if self.versus:
            errors = self.versus.errors
            content["versus"] = {
                "model": self.versus.model,
                "accuracy": self.versus.evaluation.accuracy,
                "interval": list(self.versus.evaluation.counted.interval),
                "fixed": errors.fixed,
                "broke": errors.broke,
                "both_miss": errors.both_miss,
                "p_value": errors.p_value,
                "words": errors.describe(self.model, self.versus.model),
            }
        return content


def gather_report(
    run: Run,
    digits: Digits,
    published: bool,
    probabilities: np.ndarray,
    versus: tuple[str, np.ndarray] | None = None,
) -> Report:
    """Measure a model's answers, and another's, and return all that a report tells.

    Args:
        run: of the model.
        digits: that were read.
        published: whether they are the 10,000 test digits.
        probabilities: float32 (n, 10), the model's answers.
        versus: the name of another model, and its answers to the same digits.

    Raises:
        RunError: the run folder is damaged.
    """
    evaluation = measure(probabilities, digits.labels)
    table = evaluation.table
    calibration = measure_calibration(
        table["confidence"].to_numpy(), (table["answer"] == table["truth"]).to_numpy()
    )
    other = versus and _compare(evaluation, versus[0], measure(versus[1], digits.labels))
    making = describe_making(run)
    return Report(run.id, making, digits, published, evaluation, calibration, other)


def _compare(first: Evaluation, name: str, second: Evaluation) -> Versus:
    truth, *answers = (
        table[column].to_numpy()
        for table, column in (
            (first.table, "truth"),
            (first.table, "answer"),
            (second.table, "answer"),
        )
    )
    return Versus(name, second, compare_errors(truth, *answers))
