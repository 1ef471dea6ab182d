"""Whether answers are right as often as they are sure."""

import numpy as np
import pandas as pd

from digitlib.reading.statistics import find_interval

BINS = 15


def measure_calibration(
    confidence: np.ndarray, right: np.ndarray, bins: int = BINS
) -> pd.DataFrame:
    """Return how often answers are right that are sure to much the same degree.

    What a reliability diagram draws (DeGroot and Fienberg, *The Comparison and Evaluation of
    Forecasters*, 1983).

    Args:
        confidence: (n,), the probability of each answer.
        right: bool (n,).
        bins: how many, of equal width.

    Returns:
        A row for each bin that holds answers, with columns ``low`` and ``high`` (its edges),
        ``count``, ``confidence`` (the mean), ``accuracy``, and ``accuracy_low`` and
        ``accuracy_high`` (its 95% interval); all but ``count`` 0 to 1.

    Example: of four answers with a confidence of 0.9 three are right: one row, whose ``count`` is 4
    and whose ``accuracy`` is 0.75.
    """
    places = _sort_into_bins(confidence, bins)
    counts = np.bincount(places, minlength=bins)
    hits = np.bincount(places, weights=right, minlength=bins).astype(int)
    sums = np.bincount(places, weights=confidence, minlength=bins)
    rows = []
    for place in np.flatnonzero(counts):
        count, hit = int(counts[place]), int(hits[place])
        edges = (place / bins, (place + 1) / bins)
        rows.append((*edges, count, sums[place] / count, hit / count, *find_interval(hit, count)))
    columns = ["low", "high", "count", "confidence", "accuracy", "accuracy_low", "accuracy_high"]
    return pd.DataFrame(rows, columns=columns)


def find_calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = BINS) -> float:
    """Return the expected calibration error, 0 to 1.

    Answers are sorted into bins of equal width by their confidence; in each, mean confidence and
    accuracy are compared, weighed by how many answers there are (Guo et al., *On Calibration of
    Modern Neural Networks*, 2017).

    Args:
        confidence: (n,), the probability of each answer.
        right: bool (n,).
        bins: how many.

    Example: of four answers with a confidence of 0.9 three are right: 0.15.
    """
    places = _sort_into_bins(confidence, bins)
    gaps = np.bincount(places, weights=confidence - right.astype(float), minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def _sort_into_bins(confidence: np.ndarray, bins: int) -> np.ndarray:
    return np.minimum((confidence * bins).astype(int), bins - 1)
