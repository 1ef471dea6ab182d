"""What is a plus sign, and what is none."""

import cv2
import numpy as np
import pytest

from digitlib.vision import prepare_digit
from digitlib.vision.signs import is_plus


def draw_bars(*bars: tuple, pen: int = 8) -> np.ndarray:
    """Draw straight lines and bring them to MNIST's form."""
    picture = np.zeros((200, 200), np.uint8)
    for begin, end in bars:
        cv2.line(picture, begin, end, 255, pen, cv2.LINE_AA)
    return prepare_digit(picture).digit


@pytest.mark.parametrize("pen", [4, 10, 24])
@pytest.mark.parametrize("lean", [-10, 0, 10])
@pytest.mark.parametrize("reach", [35, 50, 60])
def test_two_bars_that_cross_in_their_middles_are_a_plus(pen, lean, reach):
    upright, level = ((100 + lean, 50), (100 - lean, 150)), ((100 - reach, 102), (100 + reach, 98))

    assert is_plus(draw_bars(upright, level, pen=pen))


@pytest.mark.parametrize(
    "bars",
    [
        [((100, 40), (100, 160))],
        [((40, 40), (160, 160)), ((160, 40), (40, 160))],  # times
        [((100, 40), (100, 160)), ((50, 40), (150, 40))],  # a T
        [((100, 40), (100, 160)), ((50, 140), (150, 140))],
        [((100, 40), (100, 160)), ((50, 100), (150, 100)), ((50, 100), (95, 45))],  # a 4
    ],
)
def test_other_bars_are_none(bars):
    assert not is_plus(draw_bars(*bars))


def test_no_digit_is_a_plus(validation):
    assert not any(map(is_plus, validation.images[:2000]))


def test_what_holds_next_to_no_ink_is_none():
    pale = np.zeros((28, 28), np.uint8)
    pale[4:24, 14] = 60
    pale[14, 14] = 255

    assert not is_plus(pale)
