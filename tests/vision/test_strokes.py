import cv2
import numpy as np
import pytest

from digitlib.vision.overview import look_over
from digitlib.vision.strokes import find_strokes


def draw_eight(pen: int) -> np.ndarray:
    """Return an eight, 1 where it is ink, in a picture of 200 x 140."""
    picture = np.zeros((200, 140), np.float32)
    cv2.ellipse(picture, (70, 65), (30, 30), 0, 0, 360, 1, pen)
    cv2.ellipse(picture, (70, 130), (35, 35), 0, 0, 360, 1, pen)
    return picture


def paint(ink: np.ndarray, ground: np.ndarray | float, share: float) -> np.ndarray:
    """Return ink on a ground, of whose light it takes a share (or adds it, if below 0)."""
    return np.clip(ground * (1 - share * ink), 0, 255).astype(np.float32)


@pytest.mark.parametrize("pen", [4, 12, 24, 32])
def test_ink_is_known_by_its_side_of_an_even_ground(pen):
    # The boldest eight has holes that are narrower than its strokes.
    eight = draw_eight(pen)

    assert find_strokes(look_over(paint(eight, 240.0, 0.8))).dark
    assert not find_strokes(look_over(paint(eight, 60.0, -3))).dark


@pytest.mark.parametrize("pen", [6, 12, 24])
def test_the_width_is_known_to_a_factor_of_two(pen):
    width = find_strokes(look_over(paint(draw_eight(pen), 240.0, 0.8))).width

    assert pen / 2 <= width <= 2 * pen


@pytest.mark.parametrize("light", [0.75, 0.5, 0.35])
@pytest.mark.parametrize("slant", [-0.5, 0, 1])
@pytest.mark.parametrize("share", [0.8, -0.8], ids=["dark", "bright"])
def test_the_edge_of_a_shadow_has_no_say(light, slant, share):
    y, x = np.mgrid[:200, :140]
    shadow = np.where(y - 100 > slant * (x - 70), light, 1)
    ground = 230.0 if share > 0 else 120.0

    strokes = find_strokes(look_over(paint(draw_eight(8), ground * shadow, share)))

    assert strokes.dark == (share > 0)
    assert strokes.width <= 24


@pytest.mark.parametrize("side", [20, 25, 30, 37])
@pytest.mark.parametrize("begin", [0, 2, 9])
def test_dark_squares_on_bright_paper_are_dark(side, begin):
    lines = np.zeros((600, 900), np.float32)
    for place in range(begin, 900, side):
        lines[place : place + 3] = lines[:, place : place + 3] = 1
    lines[200:340, 300:320] = lines[200:340, 500:520] = 1

    assert find_strokes(look_over(paint(cv2.GaussianBlur(lines, (0, 0), 1), 235.0, 0.6))).dark


def test_a_frame_is_not_the_ground():
    framed = cv2.copyMakeBorder(
        paint(draw_eight(12), 240.0, 0.8), 5, 5, 5, 5, cv2.BORDER_CONSTANT, value=10
    )

    assert find_strokes(look_over(framed)).dark


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (3, 2), (40, 40)])
def test_where_there_are_no_strokes_they_are_dark_and_wide(shape):
    strokes = find_strokes(look_over(np.full(shape, 90, np.float32)))

    assert strokes.dark
    assert strokes.width >= 33
