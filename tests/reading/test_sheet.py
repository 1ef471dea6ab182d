import numpy as np
import pytest
from PIL import ImageColor

from digitlib.reading.sheet import CELL_HEIGHT, CELL_WIDTH, RIGHT, WRONG, draw_sheet


@pytest.mark.parametrize(
    ("count", "columns", "rows"), [(1, 1, 1), (5, 5, 1), (10, 10, 1), (11, 10, 2), (100, 10, 10)]
)
def test_ten_digits_stand_in_a_row(count, columns, rows, validation):
    digits = validation.take(slice(count))

    sheet = draw_sheet(digits.images, digits.labels, digits.labels)

    assert sheet.size == (columns * CELL_WIDTH, rows * CELL_HEIGHT)


def test_right_and_wrong_have_their_colours(validation):
    digits = validation.take(slice(2))
    answers = digits.labels.copy()
    answers[1] = (answers[1] + 1) % 10

    sheet = np.asarray(draw_sheet(digits.images, digits.labels, answers))

    def holds(part: np.ndarray, colour: str) -> bool:
        return bool((part == ImageColor.getrgb(colour)).all(axis=-1).any())

    first, second = sheet[:, :CELL_WIDTH], sheet[:, CELL_WIDTH:]
    assert (holds(first, RIGHT), holds(first, WRONG)) == (True, False)
    assert (holds(second, RIGHT), holds(second, WRONG)) == (False, True)


def test_digits_are_dark_on_white(validation):
    digits = validation.take(slice(1))

    sheet = np.asarray(draw_sheet(digits.images, digits.labels, digits.labels).convert("L"))

    enlarged = np.kron(255 - digits.images[0], np.ones((3, 3), np.uint8))
    assert np.array_equal(sheet[8 : 8 + 84, 12 : 12 + 84], enlarged)
