"""Test digits whose label people have judged wrong.

Five people each looked at the digits that networks disagreed with (Northcutt, Athalye and Mueller,
*Pervasive Label Errors in Test Sets Destabilize Machine Learning Benchmarks*, 2021; the votes are
in mturk/mnist_mturk.json of github.com/cleanlab/label-errors).
"""

import numpy as np

# Place among the 10,000 test digits -> what most took it for; None where they did not agree.
CORRECTIONS: dict[int, int | None] = {
    947: 9,
    1621: 6,
    1901: 4,
    2130: None,
    2462: 0,
    2597: 3,
    2654: None,
    3520: None,
    3558: 0,
    5937: 3,
    6651: 6,
    6783: 6,
    8527: None,
    9679: None,
    9729: 6,
}


def correct_labels(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels of the test digits as people judge them.

    Args:
        labels: (10000,), as published.

    Returns:
        The labels, corrected, and bool (10000,): whether people agree what the digit is.
    """
    corrected, agreed = labels.copy(), np.ones(len(labels), bool)
    for place, label in CORRECTIONS.items():
        if label is None:
            agreed[place] = False
        else:
            corrected[place] = label
    return corrected, agreed
