"""Suspected label errors: digits of which a network that has not learnt them says something else.

By confident learning (Northcutt, Jiang and Chuang, *Confident Learning: Estimating Uncertainty in
Dataset Labels*, 2021), as the library cleanlab has it. A network is not equally sure of all digits,
so each has a threshold of its own: the mean probability of a 4 among all that are labelled 4. What
lies above the threshold of another digit than its label is counted as wrong; and by how much a
label stays behind its threshold says how good it is.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

LEAST = 1e-7  # a smaller probability counts as this one, as in a loss


@dataclass(frozen=True, eq=False)
class Suspicion:
    """What is to be doubted about labels.

    Attributes:
        suspects: a row per suspect, the worst label first, with columns ``place`` (among the
            digits, from 0), ``label``, ``suggested`` (what was read instead) and ``quality`` (of
            the label, 0 to 1).
        estimate: how many labels confident learning counts as wrong, of all.
    """

    suspects: pd.DataFrame
    estimate: int


def find_suspects(probabilities: np.ndarray, labels: np.ndarray, most: int) -> Suspicion:
    """Find the labels that are least likely to be right.

    A suspect is every digit that is read as another one than its label. They are more than are
    estimated to be wrong, for most digits that are hard to read are labelled well.

    Args:
        probabilities: float (n, 10), of networks that have not learnt from the digit in question.
        labels: whole numbers (n,), 0 to 9, as they stand.
        most: suspects that are returned.

    Example: a digit labelled 4, of which a network that has never seen it says 9 with 0.99, has a
    quality near 0 and the suggestion 9.
    """
    # Imported here: scikit-learn, which it stands on, weighs 100 MB.
    from cleanlab.count import num_label_issues
    from cleanlab.rank import get_label_quality_scores

    labels = labels.astype(int)
    shares = np.clip(probabilities.astype(np.float64), LEAST, None)
    shares /= shares.sum(axis=1, keepdims=True)
    quality = get_label_quality_scores(
        labels, shares, method="self_confidence", adjust_pred_probs=True
    )
    read = probabilities.argmax(axis=1)
    doubted = np.flatnonzero(read != labels)
    worst = doubted[np.argsort(quality[doubted], kind="stable")][:most]
    suspects = pd.DataFrame({
        "place": worst,
        "label": labels[worst],
        "suggested": read[worst],
        "quality": quality[worst].clip(0, 1),
    })  # fmt: skip
    return Suspicion(suspects, int(num_label_issues(labels, shares)))
