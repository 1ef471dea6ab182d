"""Suspected label errors: digits of which a network that has not learnt them says something else.

By confident learning (Northcutt, Jiang and Chuang, *Confident Learning: Estimating Uncertainty in
Dataset Labels*, 2021), as the library cleanlab has it. A network is not equally sure of all digits,
so each has a threshold of its own: the mean probability of a 4 among all that are labelled 4. A
digit that is above the threshold of another one than its label is counted as labelled wrong; one
that is merely hard to read is not.
"""

import numpy as np
import pandas as pd

LEAST = 1e-7  # a smaller probability counts as this one, as in a loss


def find_suspects(probabilities: np.ndarray, labels: np.ndarray, most: int) -> pd.DataFrame:
    """Find the labels that are least likely to be right.

    A suspect is every digit that is read as another one than its label; the least likely labels
    come first, as more of the wrong ones are among them than among those that are counted.

    Args:
        probabilities: float (n, 10), of networks that have not learnt from the digit in question.
        labels: whole numbers (n,), 0 to 9, as they stand.
        most: suspects that are returned.

    Returns:
        A row per suspect, with columns ``place`` (among the digits, from 0), ``label``,
        ``suggested`` (what was read instead), ``quality`` (of the label, 0 to 1: its probability)
        and ``counted`` (1 if confident learning counts it as labelled wrong, else 0).

    Example: a digit labelled 4, of which a network that has never seen it says 9 with 0.99, comes
    among the first, with a quality of 0.01 or less and the suggestion 9.
    """
    # Imported here: scikit-learn, which it stands on, weighs 100 MB.
    from cleanlab.filter import find_label_issues

    labels = labels.astype(int)
    shares = np.clip(probabilities.astype(np.float64), LEAST, None)
    shares /= shares.sum(axis=1, keepdims=True)
    read = shares.argmax(axis=1)
    quality = shares[np.arange(len(labels)), labels]
    counted = np.zeros(len(labels), bool)
    if len(np.unique(labels)) > 1:  # or there is nothing that they could be confused with
        # One job: more would be processes of their own, for what takes a tenth of a second.
        counted = find_label_issues(labels, shares, filter_by="confident_learning", n_jobs=1)
    doubted = np.flatnonzero(read != labels)
    worst = doubted[np.argsort(quality[doubted], kind="stable")][:most]
    return pd.DataFrame({
        "place": worst,
        "label": labels[worst],
        "suggested": read[worst],
        "quality": quality[worst],
        "counted": counted[worst].astype(int),
    })  # fmt: skip
