"""How much an accuracy, or a difference between two models, can be luck."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

SURE = 0.05  # what luck alone does more often than this may well be luck
RAREST = 1_000_000  # rarer than 1 in so many is not told apart


@dataclass(frozen=True)
class Accuracy:
    """How many digits of a set are read right.

    Attributes:
        right: how many, 0 to ``count``.
        count: how many digits there are.
    """

    right: int
    count: int

    @classmethod
    def from_summary(cls, summary: Mapping[str, Any]) -> "Accuracy":
        """Return it as ``Evaluation.summary`` has it, of whatever age the run is.

        Example: ``Accuracy.from_summary(run.metrics["test"])``.
        """
        return cls(int(summary["count"] - summary["mistakes"]), int(summary["count"]))

    @property
    def share(self) -> float:
        """0 to 1; not a number where there are no digits."""
        return self.right / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval, 0 to 1: see ``find_interval``."""
        return find_interval(self.right, self.count)

    def __str__(self) -> str:
        """Such as ``98.00% (97.71–98.26%)``."""
        return self.format()

    def format(self, decimals: int = 2) -> str:
        """Return it in percent with its interval: ``98.00% (97.71–98.26%)``."""
        return f"{self.share:.{decimals}%} ({self.format_interval(decimals)})"

    def format_interval(self, decimals: int = 2) -> str:
        """Return its interval in percent: ``97.71–98.26%``."""
        low, high = self.interval
        return f"{100 * low:.{decimals}f}–{high:.{decimals}%}"


@dataclass(frozen=True)
class ErrorComparison:
    """On which digits two models differ, and how often luck alone would make such a difference.

    Attributes:
        count: how many digits both have read.
        fixed: how many the first misreads and the second reads right.
        broke: how many the first reads right and the second misreads.
        both_miss: how many both misread.
        p_value: two-sided, by McNemar's exact test: see ``find_p_value``.
    """

    count: int
    fixed: int
    broke: int
    both_miss: int
    p_value: float

    @property
    def difference(self) -> int:
        """By how many digits the second is better; below 0 the first is."""
        return self.fixed - self.broke

    @property
    def sure(self) -> bool:
        """Whether luck alone makes such a difference less than 1 time in 20."""
        return self.p_value < SURE

    def describe(self, first: str = "A", second: str = "B") -> str:
        """Return it in a sentence.

        Args:
            first, second: the names of the models.

        Example: 30 fixed and 9 broken, of B: ``B is better by 21 digits; by luck alone that would
        happen 1 time in 940.``
        """
        if self.count == 0:
            return "There is no digit to compare them by."
        if self.fixed == self.broke == 0:
            same = "misread the same digits" if self.both_miss else "read every digit right"
            return f"{first} and {second} {same}."
        if self.difference == 0:
            return (
                f"{first} and {second} are equally good: each is right on "
                f"{_count_digits(self.fixed)} that the other misreads."
            )
        better = second if self.difference > 0 else first
        luck = format_chance(self.p_value)
        head = f"{better} is better by {_count_digits(abs(self.difference))}"
        if self.sure:
            return f"{head}; by luck alone that would happen {luck}."
        return (
            f"{head}, which may well be luck: by luck alone a difference this large would "
            f"happen {luck}."
        )


def find_interval(right: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval that an accuracy measured on a few digits stands for.

    Were the model given other digits of the same kind, again and again, the interval would hold its
    true accuracy in ``confidence`` of the cases. It is the score interval of E. B. Wilson,
    *Probable Inference, the Law of Succession, and Statistical Inference* (1927): unlike the
    accuracy with a margin to both sides it never leaves 0 to 1, and no mistake in a hundred digits
    does not mean that there will never be one.

    Args:
        right: how many digits are read right, 0 to ``count``.
        count: how many there are; of none nothing is known, which is the interval from 0 to 1.
        confidence: over 0 and under 1.

    Raises:
        ValueError: more are right than there are, fewer than none, or no such confidence.

    Example: 100 of 100 right: 0.963 to 1.
    """
    if not 0 <= right <= count:
        raise ValueError(f"{right} of {count} cannot be right")
    if not 0 < confidence < 1:
        raise ValueError(f"expected a confidence between 0 and 1, got {confidence}")
    if count == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, weight = right / count, z * z / count
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight * weight / 4) / (1 + weight)
    low = 0.0 if right == 0 else middle - half  # what rounding would leave beside 0 and 1
    high = 1.0 if right == count else middle + half
    return low, high


def compare_errors(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> ErrorComparison:
    """Compare what two models misread.

    Args:
        labels: int (n,), what each digit is.
        first, second: int (n,), what each model reads in it.

    Raises:
        ValueError: they are not of the same length.
    """
    if not labels.shape == first.shape == second.shape:
        raise ValueError(f"different digits: {labels.shape}, {first.shape}, {second.shape}")
    first_right, second_right = first == labels, second == labels
    fixed = int((~first_right & second_right).sum())
    broke = int((first_right & ~second_right).sum())
    both_miss = int((~first_right & ~second_right).sum())
    return ErrorComparison(len(labels), fixed, broke, both_miss, find_p_value(fixed, broke))


def find_p_value(fixed: int, broke: int) -> float:
    """Return how often luck alone makes two models differ as much, 0 to 1.

    Only digits count on which just one of the two is right. Were the models equally good, each of
    these would fall to either of them like a coin; it is how often that many coins fall at least as
    unequally, to either side. (Q. McNemar, *Note on the Sampling Error of the Difference Between
    Correlated Proportions or Percentages*, 1947, exactly: by the binomial distribution.)

    Args:
        fixed, broke: on how many digits just the one, and just the other, is right.

    Example: 5 and 0: five equal coins, 2/32 = 0.0625.
    """
    fewer, coins = min(fixed, broke), fixed + broke
    # The tail of the distribution, as a multiple of its largest term: each is its neighbour's times
    # a ratio. Only that largest term, which itself may be too small for a float, needs a logarithm.
    steps = np.arange(fewer, 0, -1)
    tail = 1.0 + float(np.cumprod(steps / (coins - steps + 1)).sum())
    logarithm = (
        math.lgamma(coins + 1) - math.lgamma(fewer + 1) - math.lgamma(coins - fewer + 1)
        - coins * math.log(2)
    )  # fmt: skip
    return min(1.0, 2 * math.exp(logarithm) * tail)


def format_chance(p_value: float) -> str:
    """Return how often something happens, as people count: ``1 time in 400``, ``4 times in 10``."""
    if p_value * RAREST < 1:
        return f"less than 1 time in {RAREST:,}"
    if p_value < 0.1:
        often = 1 / p_value
        digits = max(0, math.floor(math.log10(often)) - 1)  # two of them that count
        return f"1 time in {round(often / 10**digits) * 10**digits:,}"
    tenths = round(10 * p_value)
    if tenths == 10:
        return "every time" if p_value == 1 else "nearly every time"
    return f"{tenths} time{'s' if tenths > 1 else ''} in 10"


def _count_digits(count: int) -> str:
    return f"{count:,} digit{'s' if count > 1 else ''}"
