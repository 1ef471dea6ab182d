"""Before and after: two models on the same digits."""

from dataclasses import dataclass

import numpy as np

from digitlib.reading.statistics import Accuracy, ErrorComparison, compare_errors


@dataclass(frozen=True, eq=False)
class Comparison:
    """The answers of two models to the same digits.

    Attributes:
        labels: int (n,), what each digit is.
        before, after: int (n,), what each model reads.
        learnt: bool (n,), which digits the second has learnt from.
    """

    labels: np.ndarray
    before: np.ndarray
    after: np.ndarray
    learnt: np.ndarray

    @property
    def became_right(self) -> np.ndarray:
        """Bool (n,)."""
        return (self.before != self.labels) & (self.after == self.labels)

    @property
    def became_wrong(self) -> np.ndarray:
        """Bool (n,)."""
        return (self.before == self.labels) & (self.after != self.labels)

    def count_right(self, among: np.ndarray) -> tuple[Accuracy, Accuracy]:
        """Return how many of some digits each model reads right, before and after.

        Args:
            among: bool (n,), which digits count.
        """
        count = int(among.sum())
        before = (self.before == self.labels) & among
        after = (self.after == self.labels) & among
        return Accuracy(int(before.sum()), count), Accuracy(int(after.sum()), count)

    def compare_errors(self, among: np.ndarray) -> ErrorComparison:
        """Return on how many of some digits the two differ, and how much of it may be luck.

        Args:
            among: bool (n,), which digits count.
        """
        return compare_errors(self.labels[among], self.before[among], self.after[among])
