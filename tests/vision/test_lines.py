import cv2
import numpy as np
import pytest

from digitlib.data.pen import write_digit
from digitlib.vision import find_ink, remove_lines


def stroke() -> np.ndarray:
    ink = np.zeros((300, 300), np.float32)
    ink[60:240, 140:158] = 1
    return ink


def rule(ink: np.ndarray, *, rise: int = 0, both: bool = False) -> np.ndarray:
    ruled = ink.copy()
    for place in range(30, 300, 60):
        cv2.line(ruled, (0, place + rise), (299, place), 0.6, 2)
        if both:
            cv2.line(ruled, (place, 0), (place + rise, 299), 0.6, 2)
    return np.maximum(ruled, ink)


@pytest.mark.parametrize("rise", [0, 8])
@pytest.mark.parametrize("both", [False, True], ids=["ruled", "squared"])
def test_printed_lines_go_and_the_stroke_across_them_stays(rise, both):
    cleaned = remove_lines(rule(stroke(), rise=rise, both=both))

    kept, lost = cleaned[stroke() == 1], cleaned[stroke() == 0]
    assert (kept > 0).mean() > 0.97
    assert (lost > 0).mean() < 0.02


def test_without_lines_nothing_is_touched():
    ink = stroke()
    ink[60:78, 90:200] = 1  # the roof of a 7

    assert remove_lines(ink) is ink


def test_a_thin_stroke_as_high_as_the_picture_allows_is_no_line():
    ink = np.zeros((300, 300), np.float32)
    ink[30:270, 150:155] = 1

    assert np.array_equal(remove_lines(ink), ink)


def test_pale_lines_that_come_and_go_in_the_grain_of_the_paper_go():
    chance = np.random.default_rng(1)
    pale = rule(np.zeros((300, 300), np.float32), both=True) * 0.5
    pale = np.where(pale > 0, pale + chance.normal(0, 0.08, pale.shape), 0).astype(np.float32)
    ink = np.maximum(pale, stroke())

    cleaned = remove_lines(ink)

    assert (cleaned[stroke() == 1] > 0).mean() > 0.97
    left = ((cleaned >= 0.2) & (stroke() == 0)).astype(np.uint8)
    _, _, parts, _ = cv2.connectedComponentsWithStats(left)
    # Around the stroke a pixel or two of each line stay.
    assert len(parts) == 1 or parts[1:, 2:4].max() <= 11


@pytest.mark.parametrize("side", [30, 36, 45])
def test_small_squares_go_whose_lines_cut_each_other_into_short_pieces(side):
    ink = np.zeros((600, 900), np.float32)
    for place in range(side // 2, 900, side):
        ink[place : place + 2] = ink[:, place : place + 2] = 0.6
    ink[200:320, 400:420] = 1

    cleaned = remove_lines(ink)

    assert (cleaned[200:320, 400:420] == 1).mean() > 0.97
    cleaned[195:325, 395:425] = 0
    assert (cleaned > 0).mean() < 0.001


def square(shape: tuple[int, int], side: int, thickness: int, turn: float = 0) -> np.ndarray:
    """Return the lines of squared paper, turned by some degrees, float32 from 0 to 1."""
    whole = 2 * max(shape)
    lines = np.zeros((whole, whole), np.float32)
    for place in range(side // 2, whole, side):
        lines[place : place + thickness] = lines[:, place : place + thickness] = 1
    turned = cv2.warpAffine(
        lines, cv2.getRotationMatrix2D((whole / 2, whole / 2), turn, 1), (whole, whole)
    )
    top, left = (whole - shape[0]) // 2, (whole - shape[1]) // 2
    return turned[top : top + shape[0], left : left + shape[1]]


def write_row(shape: tuple[int, int]) -> np.ndarray:
    """Return the digits 2, 3, 4, 5 and 7 in a row, float32 from 0 to 1."""
    row = np.zeros(shape, np.float32)
    for place, label in enumerate((2, 3, 4, 5, 7)):
        digit = cv2.resize(write_digit(label, np.random.default_rng(4)), (130, 130))
        left = 60 + 150 * place
        row[220:350, left : left + 130] = digit / 255
    return row


@pytest.mark.parametrize("turn", [0, 2])
@pytest.mark.parametrize("thickness", [2, 3])
@pytest.mark.parametrize("side", [25, 30, 37])
def test_dark_small_squares_go_from_a_photograph_and_the_digits_stay(side, thickness, turn):
    digits = write_row((600, 900))
    paper = 235 * (1 - 0.55 * square(digits.shape, side, thickness, turn))
    page = cv2.GaussianBlur(paper * (1 - digits) + 30 * digits, (0, 0), 1)
    page += np.random.default_rng(1).normal(0, 3, page.shape)

    cleaned = remove_lines(find_ink(np.clip(page, 0, 255).astype(np.uint8)))

    assert (cleaned[digits > 0.7] >= 0.2).mean() > 0.97
    apart = cv2.dilate(digits, np.ones((15, 15), np.uint8)) == 0
    # Of a line that a corner of the picture cuts off too little is seen.
    assert (np.where(apart, cleaned, 0)[20:-20, 20:-20] >= 0.2).mean() < 0.002


def test_a_stroke_along_a_line_stays():
    ink = 0.7 * square((600, 900), 30, 2)
    line = 15 + 30 * 8
    ink[line - 3 : line + 5, 300:380] = 1

    cleaned = remove_lines(ink)

    assert (cleaned[line - 3 : line + 5, 300:380] > 0).mean() > 0.97
    assert (np.delete(cleaned, np.s_[line - 3 : line + 5], axis=0) > 0).mean() < 0.001


def test_a_bold_stroke_no_thicker_than_the_line_along_it_stays():
    ink = 0.5 * square((600, 900), 60, 4)
    line = 30 + 60 * 4
    ink[line : line + 4, 300:380] = 1

    cleaned = remove_lines(ink)

    assert (cleaned[line : line + 4, 300:380] > 0).all()
    assert (cleaned > 0).sum() < 1.1 * 4 * 80


def test_a_frame_that_reaches_from_an_edge_to_the_middle_goes():
    ink = np.zeros((600, 900), np.float32)
    ink[150:152, :451] = ink[400:402, :451] = 1
    ink[250:350, 200:220] = 1

    cleaned = remove_lines(ink)

    assert (cleaned[250:350, 200:220] == 1).all()
    assert cleaned.sum() < 1.01 * 100 * 20
