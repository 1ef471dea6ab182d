"""How much several models disagree about each digit."""

from collections.abc import Iterable

import numpy as np


def measure_disagreement(answers: Iterable[np.ndarray]) -> np.ndarray:
    """Return how much models disagree about each digit, float64 (n,), 0 to 2.3 nats.

    It is how much less each is in doubt than all together: the entropy of their mean answer, less
    the mean of their entropies (the Jensen-Shannon divergence). Whatever one of them is unsure of
    by itself counts for nothing. (For choosing what a committee should be asked about: A. McCallum
    and K. Nigam, *Employing EM and Pool-Based Active Learning for Text Classification*, 1998.)

    Args:
        answers: of each model, float32 (n, 10), each row adds up to 1; read one after the other.

    Raises:
        ValueError: there is no model.

    Example: two models, one sure of a 4, the other of a 9: 0.69, the logarithm of 2.
    """
    total, entropy, count = 0.0, 0.0, 0
    for probabilities in answers:
        total = total + probabilities.astype(np.float64)
        entropy = entropy + _find_entropy(probabilities)
        count += 1
    if count == 0:
        raise ValueError("there is no model to ask")
    # What rounding leaves beside 0 would order digits about which all agree.
    return np.round(np.maximum(_find_entropy(total / count) - entropy / count, 0.0), 9)


def _find_entropy(probabilities: np.ndarray) -> np.ndarray:
    shares = probabilities.astype(np.float64)
    return -(shares * np.log(np.maximum(shares, 1e-30))).sum(axis=1)
