"""How much a glyph looks like a digit at all: a network answers whatever it is shown."""

import numpy as np

# The one place where it is decided what counts as a digit: the score and the least of it.
LEAST_SCORE = float(np.log(0.35))


def score_answers(probabilities: np.ndarray) -> np.ndarray:
    """Score answers, the higher the more what was read looks like a digit.

    The score is the logarithm of the largest probability. After Hendrycks and Gimpel, *A Baseline
    for Detecting Misclassified and Out-of-Distribution Examples in Neural Networks* (2017).

    Args:
        probabilities: float32 (n, 10), each row adds up to 1.

    Returns:
        float32 (n,), from -2.3, all digits alike, to 0, certain.
    """
    return np.log(np.maximum(probabilities.max(axis=1), np.float32(0.1)))


def is_accepted(score: float) -> bool:
    """Tell whether a score is that of a digit."""
    return score >= LEAST_SCORE
