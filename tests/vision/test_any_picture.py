"""What holds for every picture, whatever is on it."""

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digitlib.data.pen import write_digit
from digitlib.errors import EmptyPictureError
from digitlib.vision import find_ink, prepare_digit, prepare_digits

SOME = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SIDES = st.integers(1, 40)
CHANNELS = st.sampled_from([(), (3,), (4,)])
PICTURES = st.tuples(SIDES, SIDES, CHANNELS).flatmap(
    lambda made: arrays(np.uint8, (made[0], made[1], *made[2]))
)


@SOME
@given(PICTURES)
def test_any_picture_is_read_or_empty(picture):
    try:
        prepared = prepare_digits(picture)
    except EmptyPictureError:
        return
    height, width = picture.shape[:2]
    assert prepared.ink.shape == (height, width)
    assert prepared.rows
    for glyph in (glyph for row in prepared.rows for glyph in row):
        box = glyph.box
        assert 0 <= box.left < box.right <= width
        assert 0 <= box.top < box.bottom <= height
        assert glyph.glyph.shape == (box.height, box.width)
        assert (glyph.digit.shape, glyph.digit.dtype) == ((28, 28), np.uint8)
        assert glyph.digit.any()


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two images, up to a pixel apart."""
    moves = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    moved = (np.roll(one.astype(float), move, axis=(0, 1)) for move in moves)
    return max(np.corrcoef(image.ravel(), other.ravel())[0, 1] for image in moved)


def written(label: int, seed: int) -> np.ndarray:
    return write_digit(label, np.random.default_rng(seed))


WRITTEN = st.builds(written, st.integers(0, 9), st.integers(0, 50))


@SOME
@given(WRITTEN, st.sampled_from([2, 3, 5]))
def test_the_scale_does_not_matter(digit, scale):
    large = cv2.resize(digit, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)

    assert likeness(prepare_digit(large).digit, prepare_digit(digit).digit) > 0.85


@SOME
@given(WRITTEN)
def test_light_or_dark_does_not_matter(digit):
    assert np.array_equal(prepare_digit(255 - digit).digit, prepare_digit(digit).digit)


@SOME
@given(WRITTEN, st.tuples(*[st.integers(0, 150)] * 4))
def test_the_margin_does_not_matter(digit, margin):
    framed = cv2.copyMakeBorder(digit, *margin, cv2.BORDER_CONSTANT, value=0)

    assert likeness(prepare_digit(framed).digit, prepare_digit(digit).digit) > 0.9


def shine(page: np.ndarray, kind: str) -> np.ndarray:
    """Light a page of black ink on white unevenly."""
    y, x = np.mgrid[-1 : 1 : page.shape[0] * 1j, -1 : 1 : page.shape[1] * 1j]
    light = {
        "lamp": 0.6 + 0.35 * x,
        "vignette": 1 - 0.3 * (x * x + y * y),
        "shadow": 0.8 - 0.15 * np.tanh((x + 0.3 * y) * 12),
        "edge of a shadow": np.where(x + 0.3 * y > 0.1, 0.45, 1),
        "shadow of a hand": np.where((x - 0.2) ** 2 + (y - 0.5) ** 2 < 0.3, 0.6, 1),
        "grey paper": np.full(page.shape, 0.5),
    }[kind]
    noise = np.random.default_rng(0).normal(0, 3, page.shape)
    return np.clip(page * light + noise, 0, 255).round().astype(np.uint8)


@pytest.mark.parametrize("kind", ["lamp", "vignette", "shadow", "grey paper"])
@pytest.mark.parametrize("label", range(10))
def test_the_light_does_not_matter(kind, label):
    digit, page = write_on_paper(label)

    assert likeness(prepare_digit(shine(page, kind)).digit, prepare_digit(digit).digit) > 0.9


@pytest.mark.parametrize("kind", ["edge of a shadow", "shadow of a hand"])
@pytest.mark.parametrize("label", range(10))
def test_a_sharp_shadow_across_a_digit_does_not_matter(kind, label):
    digit, page = write_on_paper(label)

    # Where the edge crosses it, a stroke may lose a little of its own edge.
    assert likeness(prepare_digit(shine(page, kind)).digit, prepare_digit(digit).digit) > 0.85


@pytest.mark.parametrize("light", [0.6, 0.7, 0.8])
def test_the_shadow_of_a_finger_is_no_ink(light):
    page = np.full((400, 700), 255.0)
    page[150:230, 80:160] -= 0.8 * cv2.resize(written(4, 3), (80, 80))
    shadow = np.ones(page.shape)
    cv2.line(shadow, (350, 400), (500, 80), light, 60)
    expected = find_ink(np.round(page).astype(np.uint8))

    ink = find_ink(np.round(page * shadow).astype(np.uint8))

    assert np.abs(ink[:, :250] - expected[:, :250]).mean() < 0.002
    # But for hairs at its edges.
    assert (ink[:, 250:] > 0.2).mean() < 0.01


def write_on_paper(label: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a digit, light on dark, and a page on which it is written in pencil."""
    digit = cv2.copyMakeBorder(
        cv2.resize(written(label, 3), (224, 224)), *[60] * 4, cv2.BORDER_CONSTANT, value=0
    )
    return digit, 255 - 0.8 * digit.astype(float)  # not all of the light is gone


def test_a_stroke_in_dim_light_is_as_full_as_one_in_bright_light():
    page = np.full((200, 400), 255.0)
    page[60:140, 80:90] = page[60:140, 310:320] = 60

    ink = find_ink(shine(page, "lamp"))

    assert np.median(ink[60:140, 83:88]) == pytest.approx(1, abs=0.1)
    assert np.median(ink[60:140, 313:318]) == pytest.approx(1, abs=0.1)
    assert np.median(ink[:50]) == 0
