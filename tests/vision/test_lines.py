import cv2
import numpy as np
import pytest

from digitlib.vision import remove_lines


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
