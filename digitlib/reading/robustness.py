"""How far what a model has learnt carries: the test digits, corrupted."""

from digitlib.data import Digits
from digitlib.data.corruptions import CORRUPTIONS, corrupt
from digitlib.reading.recogniser import Recogniser


def measure_corruptions(recogniser: Recogniser, digits: Digits, seed: int = 0) -> dict[str, float]:
    """Return the share of digits read right under each of the fifteen corruptions, 0 to 1.

    It takes a minute for the 10,000 test digits.

    Args:
        recogniser: of the model.
        digits: to corrupt and read.
        seed: of the corruptions.
    """
    return {
        name: float(
            (recogniser.read(corrupt(digits.images, name, seed)).argmax(axis=1) == digits.labels)
            .mean()
        )
        for name in CORRUPTIONS
    }  # fmt: skip
