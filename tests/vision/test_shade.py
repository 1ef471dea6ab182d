"""Shadows narrower than a digit: they are no ink, and what is written under them can be read."""

import cv2
import numpy as np
import pytest

from digitlib.data.pen import write_digit
from digitlib.vision import find_glyphs, find_ink
from digitlib.vision.shade import find_shadows

SHAPE = (600, 900)


def write_page() -> np.ndarray:
    """Return how much ink two rows of digits hold, float, from 0 to 1."""
    ink = np.zeros(SHAPE)
    for place, label in enumerate([4, 0, 8, 7, 2, 9, 3, 6]):
        row, column = divmod(place, 4)
        digit = write_digit(label, np.random.default_rng(place))
        top, left = 120 + 160 * row, 100 + 170 * column
        ink[top : top + 112, left : left + 112] = cv2.resize(digit, (112, 112)) / 255.0
    return ink


def cast(kind: str) -> np.ndarray:
    """Return where no light falls, float32, from 0 to 1."""
    shadow = np.zeros(SHAPE, np.float32)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    if kind == "pen":
        cv2.line(shadow, (320, 200), (620, 650), 1, 26)
        return cv2.GaussianBlur(shadow, (0, 0), 1)
    if kind == "finger":
        cv2.line(shadow, (430, 230), (520, 650), 1, 50)
        return cv2.GaussianBlur(shadow, (0, 0), 12)
    if kind == "hand":
        cv2.ellipse(shadow, (450, 600), (150, 230), 0, 0, 360, 1, -1)
        for tip in (180, 380, 520, 720):
            cv2.line(shadow, (450 + (tip - 450) // 4, 450), (tip, 150), 1, 45)
        return cv2.GaussianBlur(shadow, (0, 0), 3)
    bands = ((x + y // 2) % 150 < 60).astype(np.float32)
    return cv2.GaussianBlur(bands, (0, 0), 4)


def light(ink: np.ndarray, shadow: np.ndarray) -> np.ndarray:
    """Take a picture of ink on paper: a shadow takes half of the light."""
    grain = np.random.default_rng(0).normal(0, 2, ink.shape)
    return np.clip(230 * (1 - 0.8 * ink) * (1 - 0.5 * shadow) + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("bright", [False, True], ids=["dark ink", "bright ink"])
@pytest.mark.parametrize("kind", ["pen", "finger", "hand", "blinds"])
def test_a_narrow_shadow_is_no_ink(kind, bright):
    page, shadow = write_page(), cast(kind)
    if bright:  # on a blackboard, where the light of a window falls
        picture = np.clip(40 + 150 * page + 60 * shadow, 0, 255).astype(np.uint8)
    else:
        picture = light(page, shadow)

    ink = find_ink(picture)

    written = page > 0.5
    assert (ink[cv2.dilate(page, np.ones((9, 9))) == 0] > 0.2).mean() < 0.002
    assert (ink[written] > 0.5).mean() > 0.9
    assert [len(row) for row in find_glyphs(ink)] == [4, 4]


def test_a_large_digit_that_runs_out_of_the_picture_is_no_shadow():
    page = np.zeros(SHAPE)
    cv2.line(page, (500, 80), (420, 599), 1, 40)
    cv2.line(page, (300, 400), (640, 380), 1, 40)
    cv2.line(page, (340, 60), (300, 400), 1, 40)

    ink = find_ink(light(page, np.zeros(SHAPE)))

    assert ((ink > 0.5) != (page > 0.5)).mean() < 0.005


def test_what_takes_all_light_is_no_shadow():
    page = write_page()
    cv2.line(page, (0, 500), (899, 520), 1.2, 40)
    strength = cv2.resize(200 * page, (255, 170), interpolation=cv2.INTER_AREA)

    assert find_shadows(strength) is None


def test_pale_pencil_beside_a_felt_pen_is_ink():
    page = write_page()
    page[:240] *= 0.4

    ink = find_ink(light(page, np.zeros(SHAPE)))

    assert [len(row) for row in find_glyphs(ink)] == [4, 4]
